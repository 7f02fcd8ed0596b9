//! The tree of a company.

use std::collections::{BTreeSet, HashMap};

use sqlx::Row as _;

use super::visible::{self, sees, sees_department};
use super::{Conn, Row, StoreError, Write};
use crate::domain::{Department, DepartmentId, MemberId};
use crate::server::access::Viewer;
use crate::text::Untrusted;

/// A department as stored, as far as an import needs it.
#[derive(Clone, Debug)]
pub(crate) struct DepartmentRow {
    pub(crate) sk: i64,
    pub(crate) id: DepartmentId,
    pub(crate) english_name: Option<Untrusted>,
    pub(crate) ord: i64,
    pub(crate) revision: i64,
}

/// Between the parts of a stored path. Normalised names hold no control characters.
pub(crate) const PATH_SIGN: char = '\u{1f}';

fn id_of(row: &Row, column: &str) -> Result<DepartmentId, StoreError> {
    DepartmentId::new(row.try_get(column)?).map_err(|_| StoreError::Unexpected("departments.id"))
}

/// The departments that are there for a viewer, with counts and leaders as they see them, parents first.
/// Below one that is hidden a tree of its own begins.
pub(crate) async fn list(
    conn: &mut Conn,
    viewer: &Viewer,
    as_of: i64,
) -> Result<Vec<Department>, StoreError> {
    let (here, above) = (sees_department("d.sk", "$2", "$3"), sees_department("p.sk", "$2", "$3"));
    let rows = sqlx::query(sql!(
        "SELECT d.sk, d.id, p.id AS parent, d.name, d.english_name, d.ord, d.head_count, d.revision
         FROM departments d LEFT JOIN departments p ON p.sk = d.parent AND {above}
         WHERE d.company = $1 AND {here} ORDER BY d.ord, d.sk"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .fetch_all(&mut *conn)
    .await?;
    let unseen = if visible::sees_everybody(conn, viewer).await? {
        HashMap::new()
    } else {
        visible::unseen_heads(conn, viewer).await?
    };
    let mut leaders: HashMap<i64, Vec<MemberId>> = HashMap::new();
    let seen = sees("m.sk", "$2", "$3");
    for row in sqlx::query(sql!(
        "SELECT md.department, m.id FROM member_departments md JOIN members m ON m.sk = md.member
         WHERE m.company = $1 AND md.leader = 1 AND m.gone_at IS NULL AND m.status <> 'left' AND {seen}
         ORDER BY md.ord, m.id_key"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .fetch_all(&mut *conn)
    .await?
    {
        let id = MemberId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("members.id"))?;
        leaders.entry(row.try_get("department")?).or_default().push(id);
    }
    rows.iter()
        .map(|row| {
            let sk: i64 = row.try_get("sk")?;
            let parent: Option<String> = row.try_get("parent")?;
            Ok(Department {
                id: id_of(row, "id")?,
                parent: parent
                    .map(|id| DepartmentId::new(&id).map_err(|_| StoreError::Unexpected("departments.id")))
                    .transpose()?,
                name: row.try_get::<String, _>("name")?.into(),
                english_name: row.try_get::<Option<String>, _>("english_name")?.map(Untrusted::from),
                order: row.try_get("ord")?,
                leaders: leaders.remove(&sk).unwrap_or_default(),
                head_count: row.try_get::<i64, _>("head_count")? - unseen.get(&sk).copied().unwrap_or(0),
                revision: row.try_get("revision")?,
                as_of,
            })
        })
        .collect()
}

/// Departments that are not there for a viewer, by hidden key.
pub(crate) async fn unseen(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<i64>, StoreError> {
    let here = sees_department("d.sk", "$2", "$3");
    Ok(sqlx::query_scalar(sql!("SELECT d.sk FROM departments d WHERE d.company = $1 AND NOT {here}"))
        .bind(viewer.company)
        .bind(viewer.member)
        .bind(visible::admin(viewer))
        .fetch_all(conn)
        .await?)
}

/// Whether a department is there, but not for a viewer.
pub(crate) async fn is_hidden(conn: &mut Conn, viewer: &Viewer, id: &str) -> Result<bool, StoreError> {
    let here = sees_department("d.sk", "$2", "$3");
    let seen: Option<i64> =
        sqlx::query_scalar(sql!("SELECT {here} FROM departments d WHERE d.company = $1 AND d.id = $4"))
            .bind(viewer.company)
            .bind(viewer.member)
            .bind(visible::admin(viewer))
            .bind(id)
            .fetch_optional(conn)
            .await?;
    Ok(seen == Some(0))
}

/// The names of departments.
pub(crate) async fn names(
    conn: &mut Conn,
    ids: BTreeSet<DepartmentId>,
) -> Result<HashMap<DepartmentId, Untrusted>, StoreError> {
    let holes: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let mut query = sqlx::query(sql!("SELECT id, name FROM departments WHERE id IN ({})", holes.join(", ")));
    for id in &ids {
        query = query.bind(id.as_str().to_owned());
    }
    let rows = query.persistent(false).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((id_of(row, "id")?, row.try_get::<String, _>("name")?.into()))).collect()
}

/// The hidden keys of a company's departments, by their ids.
pub(crate) async fn keys(conn: &mut Conn, company: i64) -> Result<HashMap<String, i64>, StoreError> {
    let rows = sqlx::query_as("SELECT id, sk FROM departments WHERE company = $1").bind(company);
    Ok(rows.fetch_all(conn).await?.into_iter().collect())
}

/// The hidden key of a department.
pub(crate) async fn sk_of(
    conn: &mut Conn,
    company: i64,
    id: &DepartmentId,
) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT sk FROM departments WHERE company = $1 AND id = $2")
        .bind(company)
        .bind(id.as_str())
        .fetch_optional(conn)
        .await?)
}

/// All departments of one source, by path.
pub(crate) async fn by_path(
    conn: &mut Conn,
    company: i64,
    source: &str,
) -> Result<HashMap<String, DepartmentRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT sk, id, path, english_name, ord, revision FROM departments WHERE company = $1 AND source = $2",
    )
    .bind(company)
    .bind(source)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let path: String = row.try_get("path")?;
            Ok((
                path,
                DepartmentRow {
                    sk: row.try_get("sk")?,
                    id: id_of(row, "id")?,
                    english_name: row.try_get::<Option<String>, _>("english_name")?.map(Untrusted::from),
                    ord: row.try_get("ord")?,
                    revision: row.try_get("revision")?,
                },
            ))
        })
        .collect()
}

/// Counts anew who is in each department and below it.
pub(crate) async fn count_heads(tx: &mut Write, company: i64) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE departments SET head_count = COALESCE((
            SELECT c.heads FROM (
                SELECT a.ancestor AS department, COUNT(DISTINCT m.sk) AS heads
                FROM members m
                JOIN member_departments md ON md.member = m.sk
                JOIN department_ancestors a ON a.department = md.department
                WHERE m.company = $1 AND m.gone_at IS NULL AND m.status <> 'left'
                GROUP BY a.ancestor
            ) c WHERE c.department = departments.sk), 0)
         WHERE company = $1",
    )
    .bind(company)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes what a source says of a department besides its path.
pub(crate) async fn update(
    tx: &mut Write,
    sk: i64,
    english_name: Option<&str>,
    ord: i64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE departments SET english_name = $2, ord = $3, revision = revision + 1 WHERE sk = $1")
        .bind(sk)
        .bind(english_name)
        .bind(ord)
        .execute(tx.conn())
        .await?;
    Ok(())
}
