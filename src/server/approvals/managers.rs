//! Who gives the second approval: the direct manager, else the nearest department leader above, else an
//! admin of the company.

use super::ApprovalError;
use super::tell::{News, tell};
use crate::domain::Part;
use crate::server::store::requests::{self, RequestRow};
use crate::server::store::{Conn, StoreError, Write, relations};

/// The manager of a member among people who are present and not in `except`; none: the admins.
pub(super) async fn manager_of(
    conn: &mut Conn,
    member: i64,
    except: &[i64],
) -> Result<Option<i64>, StoreError> {
    if let Some(manager) = relations::manager_of(conn, member).await?
        && !except.contains(&manager)
    {
        return Ok(Some(manager));
    }
    let leaders = relations::leaders_above(conn, member).await?;
    Ok(leaders.into_iter().find(|leader| *leader != member && !except.contains(leader)))
}

/// Finds the managers that a request waits for, and lets them decide.
pub(super) async fn appoint(
    tx: &mut Write,
    row: &RequestRow,
    part: Part,
    first_approver: &[i64],
) -> Result<(), ApprovalError> {
    let side = match part {
        Part::ManagerAsking => row.requester.zip(row.requester_company),
        _ => row.target.map(|target| (target, row.company)),
    };
    let Some((member, company)) = side else { return Ok(()) };
    requests::forget_approvers(tx, row.sk, part).await?;
    let except: Vec<i64> =
        [row.target, row.requester].into_iter().flatten().chain(first_approver.iter().copied()).collect();
    let manager = manager_of(tx.conn(), member, &except).await?;
    requests::add_approver(tx, row.sk, part, company, manager).await?;
    Ok(())
}

/// Finds the managers of everything that waits for one in a company anew: its directory has changed.
pub(crate) async fn renew(tx: &mut Write, company: i64) -> Result<(), ApprovalError> {
    let now = tx.now();
    for row in requests::waiting_for_managers(tx.conn(), company, now).await? {
        let before = requests::parties(tx.conn(), &row, now).await?;
        for part in [Part::ManagerAsked, Part::ManagerAsking] {
            if before.approvers.iter().any(|approver| approver.part == part) {
                appoint(tx, &row, part, &before.first).await?;
            }
        }
        let after = requests::parties(tx.conn(), &row, now).await?;
        if after.approvers != before.approvers {
            // Whoever it no longer waits for hears of it too.
            let mut parties = after;
            parties.past.extend(before.approvers.iter().filter_map(|approver| approver.member));
            let news = News {
                revision: row.revision,
                effective_at: row.lifetime.effective_at,
                expires: Some(row.lifetime.expires),
                ..News::default()
            };
            tell(tx, &row, &parties, news).await?;
        }
    }
    Ok(())
}
