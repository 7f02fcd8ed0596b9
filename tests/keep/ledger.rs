//! Compares a database with what its clients were told, and one part of it with another.

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::crowd::Written;
use super::support::database::Database;

/// What has to be nought in every database at every moment: a change is there as a whole, or not at all.
const NOUGHT: &[(&str, &str)] = &[
    (
        "a request has one audit row for each of its revisions",
        "SELECT COUNT(*) FROM requests r LEFT JOIN
           (SELECT object, COUNT(*) AS n FROM audit WHERE action LIKE 'request.%' GROUP BY object) a
           ON a.object = r.id WHERE r.revision IS NOT a.n",
    ),
    (
        "and one row of the outbox",
        "SELECT COUNT(*) FROM requests r LEFT JOIN
           (SELECT id, COUNT(*) AS n, MAX(revision) AS last FROM outbox
            WHERE kind = 'request' AND what = 'changed' GROUP BY id) o
           ON o.id = r.id WHERE r.revision IS NOT o.n OR r.revision IS NOT o.last",
    ),
    (
        "and one step, or one undo of a step, for each after the first",
        "SELECT COUNT(*) FROM requests r LEFT JOIN
           (SELECT request, COUNT(*) + COUNT(undone_at) AS n FROM request_steps GROUP BY request) s
           ON s.request = r.sk WHERE r.revision - 1 <> COALESCE(s.n, 0)",
    ),
    (
        "and one kept answer for each after the first",
        "SELECT COUNT(*) FROM requests r LEFT JOIN
           (SELECT CAST(body AS TEXT) ->> '$.id' AS id, COUNT(*) AS n, MAX(CAST(body AS TEXT) ->> '$.revision') AS last
            FROM replies WHERE route IN ('requests.decide', 'requests.undo') GROUP BY 1) k
           ON k.id = r.id WHERE r.revision - 1 <> COALESCE(k.n, 0) OR (r.revision > 1 AND r.revision <> k.last)",
    ),
    (
        "an approved request has one contact, another one has none",
        "SELECT COUNT(*) FROM requests r LEFT JOIN
           (SELECT request, COUNT(*) AS n FROM contacts GROUP BY request) c
           ON c.request = r.sk WHERE COALESCE(c.n, 0) <> (r.state = 'approved')",
    ),
    (
        "a request that waits has one end of its life before it, a decided one has one end of its window",
        "SELECT COUNT(*) FROM requests r LEFT JOIN
           (SELECT id, revision, cause, COUNT(*) AS n FROM
             (SELECT id, revision, cause FROM deadlines WHERE kind = 'request'
              UNION ALL SELECT id, revision, cause FROM outbox WHERE kind = 'request' AND what = 'due')
            GROUP BY id, revision, cause) d
           ON d.id = r.id AND d.revision = r.revision
              AND d.cause = CASE r.state WHEN 'pending' THEN 'expired' ELSE 'effective' END
         WHERE COALESCE(d.n, 0) <> 1",
    ),
    (
        "a contact has one audit row for each change of its remark",
        "SELECT COUNT(*) FROM contacts c LEFT JOIN
           (SELECT object, COUNT(*) AS n FROM audit WHERE action = 'contact.remark' GROUP BY object) a
           ON a.object = c.id WHERE c.revision - 1 <> COALESCE(a.n, 0)",
    ),
    (
        "and one row of the outbox",
        "SELECT COUNT(*) FROM contacts c LEFT JOIN
           (SELECT id, COUNT(*) AS n FROM outbox WHERE kind = 'contact' AND what = 'changed' GROUP BY id) o
           ON o.id = c.id WHERE c.revision - 1 <> COALESCE(o.n, 0)",
    ),
    (
        "and one kept answer",
        "SELECT COUNT(*) FROM contacts c LEFT JOIN
           (SELECT CAST(body AS TEXT) ->> '$.id' AS id, COUNT(*) AS n FROM replies WHERE route = 'contacts.remark' GROUP BY 1) k
           ON k.id = c.id WHERE c.revision - 1 <> COALESCE(k.n, 0)",
    ),
    (
        "and one line of its history, besides the two of its beginning",
        "SELECT COUNT(*) FROM contacts c LEFT JOIN
           (SELECT contact, COUNT(*) AS n FROM contact_history GROUP BY contact) h
           ON h.contact = c.sk WHERE c.revision + 1 <> COALESCE(h.n, 0)",
    ),
    (
        "audit rows are about something that is there",
        "SELECT COUNT(*) FROM audit a WHERE a.action LIKE 'request.%' AND a.object NOT IN (SELECT id FROM requests)",
    ),
    (
        "numbers have no gaps, and the heads are the last ones",
        "SELECT COUNT(*) FROM companies c WHERE
           c.seq % 1000000 <> (SELECT COUNT(*) FROM outbox o WHERE o.company = c.sk)
           OR c.seq % 1000000 <> (SELECT MAX(seq) FROM outbox o WHERE o.company = c.sk)
           OR c.audit_seq <> (SELECT COUNT(*) FROM audit a WHERE a.company = c.sk)",
    ),
];

impl Database {
    /// Every part says the same as every other one.
    pub async fn agrees_with_itself(&mut self) {
        assert_eq!(self.words("PRAGMA integrity_check").await, ["ok"]);
        assert_eq!(self.rows("PRAGMA foreign_key_check").await.len(), 0);
        for (what, sql) in NOUGHT {
            assert_eq!(self.number(sql).await, 0, "{what}");
        }
        for company in self.numbers("SELECT sk FROM companies").await {
            assert_eq!(self.first_bad_row(company).await, None, "the audit log is a chain");
        }
    }

    /// Everything that was acknowledged is there, with the answer that was given.
    pub async fn holds(&mut self, written: &[Written]) {
        let sent = sqlx::query("SELECT form_hash FROM requests").fetch_all(&mut self.0).await.unwrap();
        let sent: std::collections::HashSet<Vec<u8>> = sent.iter().map(|row| row.get(0)).collect();
        let kept = sqlx::query("SELECT key, status, body FROM replies").fetch_all(&mut self.0).await.unwrap();
        let kept: std::collections::HashMap<String, (i64, Vec<u8>)> =
            kept.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
        for written in written {
            let Some(answer) = &written.answer else { continue };
            if written.is_form() {
                let hash = Sha256::digest(written.form_bytes()).to_vec();
                assert!(sent.contains(&hash), "lost although it was acknowledged: {written:?}");
            } else {
                let kept = kept.get(written.key());
                let kept = kept.unwrap_or_else(|| panic!("lost although it was acknowledged: {written:?}"));
                assert_eq!(kept.0, i64::from(answer.status), "{written:?}");
                assert_eq!(kept.1, answer.body.as_bytes(), "{written:?}");
            }
        }
    }
}
