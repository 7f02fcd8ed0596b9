//! What is counted of a member on one day of their company.

use super::{Conn, StoreError, Write};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Requests sent.
    Sent,
    /// Requests approved.
    Approved,
}

impl Counted {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Approved => "approved",
        }
    }
}

/// How many there were on a day.
pub(crate) async fn count(conn: &mut Conn, member: i64, day: &str, what: Counted) -> Result<i64, StoreError> {
    let n: Option<i64> =
        sqlx::query_scalar("SELECT n FROM counters WHERE member = $1 AND day = $2 AND what = $3")
            .bind(member)
            .bind(day)
            .bind(what.as_str())
            .fetch_optional(conn)
            .await?;
    Ok(n.unwrap_or(0))
}

/// Counts one more, unless there are `most` already. Whoever comes one too late gets `false`.
pub(crate) async fn add(
    tx: &mut Write,
    member: i64,
    day: &str,
    what: Counted,
    most: Option<u32>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO counters (member, day, what, n) SELECT $1, $2, $3, 1 WHERE $4 IS NULL OR $4 > 0
         ON CONFLICT (member, day, what) DO UPDATE SET n = n + 1 WHERE $4 IS NULL OR n < $4",
    )
    .bind(member)
    .bind(day)
    .bind(what.as_str())
    .bind(most.map(i64::from))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives one back: what was counted was taken back.
pub(crate) async fn give_back(
    tx: &mut Write,
    member: i64,
    day: &str,
    what: Counted,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE counters SET n = n - 1 WHERE member = $1 AND day = $2 AND what = $3 AND n > 0")
        .bind(member)
        .bind(day)
        .bind(what.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}
