//! Who is there for whom. A hidden person is not read at all: the same statement that finds nobody finds
//! nobody here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::QueryBuilder;

use super::{Conn, Db, StoreError, Write, flag};
use crate::domain::{MemberId, Time};
use crate::server::access::Viewer;

/// Whether member `who` is there for a viewer. `viewer` and `admin` are the holes that hold the viewer's
/// hidden key and whether they are an admin of their company: admins see everybody, and everybody
/// themselves.
pub(crate) fn sees(who: &str, viewer: &str, admin: &str) -> String {
    format!(
        "({who} = {viewer} OR {admin} = 1 OR (
            NOT EXISTS (SELECT 1 FROM hidden_members hm WHERE hm.member = {who} AND NOT EXISTS (
                SELECT 1 FROM wall_passes wp WHERE wp.wall = hm.wall AND wp.member = {viewer}))
            AND (NOT EXISTS (SELECT 1 FROM narrowed_viewers nv WHERE nv.member = {viewer})
                OR EXISTS (SELECT 1 FROM narrowed_viewers nv
                    JOIN department_ancestors na ON na.ancestor = nv.department
                    JOIN member_departments nm ON nm.department = na.department
                    WHERE nv.member = {viewer} AND nm.member = {who}))))"
    )
}

/// The same for a department.
pub(crate) fn sees_department(which: &str, viewer: &str, admin: &str) -> String {
    format!(
        "({admin} = 1 OR (
            NOT EXISTS (SELECT 1 FROM hidden_departments hd WHERE hd.department = {which} AND NOT EXISTS (
                SELECT 1 FROM wall_passes wp WHERE wp.wall = hd.wall AND wp.member = {viewer}))
            AND (NOT EXISTS (SELECT 1 FROM narrowed_viewers nv WHERE nv.member = {viewer})
                OR EXISTS (SELECT 1 FROM narrowed_viewers nv
                    JOIN department_ancestors na ON na.ancestor = nv.department
                    WHERE nv.member = {viewer} AND na.department = {which}))))"
    )
}

/// The number that stands for "is an admin" in these statements.
pub(crate) fn admin(viewer: &Viewer) -> i64 {
    flag(viewer.is_admin())
}

/// Whether somebody of the company is hidden from this viewer, or could be: whoever sees everything takes
/// shorter ways.
pub(crate) async fn sees_everybody(conn: &mut Conn, viewer: &Viewer) -> Result<bool, StoreError> {
    if viewer.is_admin() {
        return Ok(true);
    }
    let restricted: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM walls w WHERE w.company = $1)
             OR EXISTS (SELECT 1 FROM narrowed_viewers nv WHERE nv.member = $2)",
    )
    .bind(viewer.company)
    .bind(viewer.member)
    .fetch_one(conn)
    .await?;
    Ok(restricted == 0)
}

/// Whether a member, present or not, is there for a viewer as far as rules go.
pub(crate) async fn is_seen(conn: &mut Conn, viewer: &Viewer, id: &MemberId) -> Result<bool, StoreError> {
    let sees = sees("m.sk", "$2", "$3");
    let seen: Option<i64> = sqlx::query_scalar(sql!(
        "SELECT {sees} FROM members m WHERE m.company = $1 AND m.id_key = $4 ORDER BY m.gone_at IS NOT NULL LIMIT 1"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(admin(viewer))
    .bind(id.key())
    .fetch_optional(conn)
    .await?;
    Ok(seen != Some(0))
}

/// Everybody of the viewer's company who is not there for them, by hidden key.
pub(crate) async fn unseen(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<i64>, StoreError> {
    let sees = sees("m.sk", "$2", "$3");
    Ok(sqlx::query_scalar(sql!(
        "SELECT m.sk FROM members m WHERE m.company = $1 AND m.gone_at IS NULL AND NOT {sees} ORDER BY m.sk"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(admin(viewer))
    .fetch_all(conn)
    .await?)
}

/// How many people below each department are not there for the viewer, by the department's hidden key.
pub(crate) async fn unseen_heads(conn: &mut Conn, viewer: &Viewer) -> Result<HashMap<i64, i64>, StoreError> {
    use sqlx::Row as _;

    let sees = sees("m.sk", "$2", "$3");
    let rows = sqlx::query(sql!(
        "SELECT a.ancestor, COUNT(DISTINCT m.sk) AS heads FROM members m
         JOIN member_departments md ON md.member = m.sk
         JOIN department_ancestors a ON a.department = md.department
         WHERE m.company = $1 AND m.gone_at IS NULL AND m.status <> 'left' AND NOT {sees} GROUP BY a.ancestor"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(admin(viewer))
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("ancestor")?, row.try_get("heads")?))).collect()
}

/// Everybody whom a policy may hide, as it is asked about them, with what walls need to know of them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) sk: i64,
    pub(crate) id: MemberId,
    /// Hidden keys of their departments, the main one first.
    pub(crate) departments: Vec<i64>,
    pub(crate) manager: Option<i64>,
    /// Departments that they lead.
    pub(crate) leads: Vec<i64>,
}

/// Everybody of a company who was not taken out, by hidden key.
pub(crate) async fn people(conn: &mut Conn, company: i64) -> Result<Vec<Person>, StoreError> {
    use sqlx::Row as _;

    let rows = sqlx::query(
        "SELECT m.sk, m.id, m.manager, md.department, md.leader FROM members m
         LEFT JOIN member_departments md ON md.member = m.sk
         WHERE m.company = $1 AND m.gone_at IS NULL ORDER BY m.sk, md.place",
    )
    .bind(company)
    .fetch_all(conn)
    .await?;
    let mut people: Vec<Person> = Vec::new();
    for row in rows {
        let sk: i64 = row.try_get("sk")?;
        if people.last().is_none_or(|last| last.sk != sk) {
            people.push(Person {
                sk,
                id: super::members::member_id(row.try_get("id")?)?,
                departments: Vec::new(),
                manager: row.try_get("manager")?,
                leads: Vec::new(),
            });
        }
        let Some(person) = people.last_mut() else { continue };
        if let Some(department) = row.try_get::<Option<i64>, _>("department")? {
            person.departments.push(department);
            if row.try_get::<Option<i64>, _>("leader")? == Some(1) {
                person.leads.push(department);
            }
        }
    }
    Ok(people)
}

/// What is hidden in a company, and who sees through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walls {
    /// For each wall the rule that makes it and the members who see through it.
    pub(crate) walls: Vec<(String, BTreeSet<i64>)>,
    /// Hidden members with the numbers of their walls.
    pub(crate) members: BTreeMap<i64, BTreeSet<usize>>,
    /// Hidden departments with the numbers of their walls.
    pub(crate) departments: BTreeMap<i64, BTreeSet<usize>>,
    /// Members who see these departments and below only.
    pub(crate) narrowed: BTreeMap<i64, BTreeSet<i64>>,
}

/// A wall without its number: its rule and who sees through.
type Wall<'a> = (&'a str, &'a BTreeSet<i64>);
/// The members and departments behind a wall.
type Behind = (BTreeSet<i64>, BTreeSet<i64>);

impl Walls {
    /// The same whatever the numbers of the walls: what is behind each.
    fn by_wall(&self) -> BTreeMap<Wall<'_>, Behind> {
        let mut all: BTreeMap<_, Behind> = BTreeMap::new();
        let name = |wall: &usize| self.walls.get(*wall).map(|(rule, passes)| (rule.as_str(), passes));
        for (member, walls) in &self.members {
            for wall in walls.iter().filter_map(name) {
                all.entry(wall).or_default().0.insert(*member);
            }
        }
        for (department, walls) in &self.departments {
            for wall in walls.iter().filter_map(name) {
                all.entry(wall).or_default().1.insert(*department);
            }
        }
        all
    }

    fn hides_as(&self, other: &Self) -> bool {
        self.narrowed == other.narrowed && self.by_wall() == other.by_wall()
    }
}

/// What is hidden in a company as it was written last.
async fn written(conn: &mut Conn, company: i64) -> Result<Walls, StoreError> {
    let mut walls = Walls::default();
    let mut at: HashMap<i64, usize> = HashMap::new();
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT wall, rules FROM walls WHERE company = $1 ORDER BY wall")
            .bind(company)
            .fetch_all(&mut *conn)
            .await?;
    for (wall, rule) in rows {
        at.insert(wall, walls.walls.len());
        walls.walls.push((rule, BTreeSet::new()));
    }
    let ours = "WHERE wall IN (SELECT wall FROM walls WHERE company = $1)";
    let pairs = async |conn: &mut Conn, sql: String| -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(sqlx::query_as(sql!("{sql}")).bind(company).fetch_all(conn).await?)
    };
    for (wall, member) in pairs(conn, format!("SELECT wall, member FROM wall_passes {ours}")).await? {
        if let Some((_, passes)) = at.get(&wall).and_then(|at| walls.walls.get_mut(*at)) {
            passes.insert(member);
        }
    }
    for (wall, member) in pairs(conn, format!("SELECT wall, member FROM hidden_members {ours}")).await? {
        if let Some(at) = at.get(&wall) {
            walls.members.entry(member).or_default().insert(*at);
        }
    }
    let departments = format!("SELECT wall, department FROM hidden_departments {ours}");
    for (wall, department) in pairs(conn, departments).await? {
        if let Some(at) = at.get(&wall) {
            walls.departments.entry(department).or_default().insert(*at);
        }
    }
    let narrowed = "SELECT n.member, n.department FROM narrowed_viewers n JOIN members m ON m.sk = n.member
        WHERE m.company = $1 ORDER BY n.member, n.department";
    for (member, department) in pairs(conn, narrowed.to_owned()).await? {
        walls.narrowed.entry(member).or_default().insert(department);
    }
    Ok(walls)
}

/// Writes anew what is hidden in a company. Returns whether that is something else than before.
pub(crate) async fn rebuild(tx: &mut Write, company: i64, walls: &Walls) -> Result<bool, StoreError> {
    if written(tx.conn(), company).await?.hides_as(walls) {
        return Ok(false);
    }
    for statement in [
        "DELETE FROM hidden_members WHERE wall IN (SELECT wall FROM walls WHERE company = $1)",
        "DELETE FROM hidden_departments WHERE wall IN (SELECT wall FROM walls WHERE company = $1)",
        "DELETE FROM wall_passes WHERE wall IN (SELECT wall FROM walls WHERE company = $1)",
        "DELETE FROM walls WHERE company = $1",
        "DELETE FROM narrowed_viewers WHERE member IN (SELECT sk FROM members WHERE company = $1)",
    ] {
        sqlx::query(statement).bind(company).execute(tx.conn()).await?;
    }
    let mut numbers: Vec<i64> = Vec::with_capacity(walls.walls.len());
    for (rules, passes) in &walls.walls {
        let wall: i64 =
            sqlx::query_scalar("INSERT INTO walls (company, rules) VALUES ($1, $2) RETURNING wall")
                .bind(company)
                .bind(rules)
                .fetch_one(tx.conn())
                .await?;
        let passes = passes.iter().map(|member| (wall, *member)).collect();
        pairs(tx, "wall_passes (wall, member)", passes).await?;
        numbers.push(wall);
    }
    let named = |hidden: &BTreeMap<i64, BTreeSet<usize>>| -> Vec<(i64, i64)> {
        hidden
            .iter()
            .flat_map(|(sk, walls)| walls.iter().map(move |wall| (*sk, *wall)))
            .filter_map(|(sk, wall)| numbers.get(wall).map(|wall| (sk, *wall)))
            .collect()
    };
    pairs(tx, "hidden_members (member, wall)", named(&walls.members)).await?;
    pairs(tx, "hidden_departments (department, wall)", named(&walls.departments)).await?;
    let narrowed = walls.narrowed.iter();
    let narrowed = narrowed.flat_map(|(member, all)| all.iter().map(|department| (*member, *department)));
    pairs(tx, "narrowed_viewers (member, department)", narrowed.collect()).await?;
    Ok(true)
}

async fn pairs(tx: &mut Write, table: &str, rows: Vec<(i64, i64)>) -> Result<(), StoreError> {
    for piece in rows.chunks(5_000) {
        let mut query: QueryBuilder<Db> = QueryBuilder::new(format!("INSERT INTO {table} "));
        query.push_values(piece, |mut values, (one, other)| {
            values.push_bind(*one).push_bind(*other);
        });
        query.build().persistent(false).execute(tx.conn()).await?;
    }
    Ok(())
}

/// The moment does not matter to walls: only rules of the document hide.
pub(crate) const NO_TIME: Time = Time::from_micros(0);
