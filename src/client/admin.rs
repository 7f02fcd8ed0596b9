//! Typed calls of a company's admin: policy, grants, who leaves, the audit log.

use super::calls::{Client, encode, get, json, write};
use super::transport::Method;
use crate::api::{
    AuditFound, AuditPage, AuditVerify, ExplainBody, ExplainReply, Grants, LeaveBody, LeaveReply, NewGrant,
    PolicyBody, PolicyCheck, PolicyHistory, PolicyReply,
};
use crate::domain::{CompanyId, Fault, MemberId};

/// Which company, behind what is asked for already.
fn of(company: Option<&CompanyId>, joint: char) -> String {
    company.map(|id| format!("{joint}company={}", encode(id.as_str()))).unwrap_or_default()
}

impl Client {
    /// A version of the policy; none: the one in force.
    pub async fn policy(
        &self,
        company: Option<&CompanyId>,
        version: Option<i64>,
    ) -> Result<PolicyReply, Fault> {
        let version = version.map(|version| format!("version={version}")).unwrap_or_default();
        self.ask(get(format!("/v1/policy?{version}{}", of(company, '&')))).await
    }

    /// Every version, newest first.
    pub async fn policy_history(&self, company: Option<&CompanyId>) -> Result<PolicyHistory, Fault> {
        self.ask(get(format!("/v1/policy/history{}", of(company, '?')))).await
    }

    /// What is wrong with a document, and what it would change.
    pub async fn check_policy(&self, body: &PolicyBody) -> Result<PolicyCheck, Fault> {
        let mut call = get("/v1/policy/check");
        (call.method, call.body) = (Method::Post, json(body)?);
        self.ask(call).await
    }

    /// Puts a document in force, after the version that was seen.
    pub async fn apply_policy(&self, seen: i64, body: &PolicyBody, key: &str) -> Result<PolicyReply, Fault> {
        let mut call = write(Method::Put, "/v1/policy", Some(seen), key);
        call.body = json(body)?;
        self.ask(call).await
    }

    /// What holds for somebody, and why.
    pub async fn explain_policy(&self, body: &ExplainBody) -> Result<ExplainReply, Fault> {
        let mut call = get("/v1/policy/explain");
        (call.method, call.body) = (Method::Post, json(body)?);
        self.ask(call).await
    }

    /// The grants of the external permission.
    pub async fn grants(&self, company: Option<&CompanyId>) -> Result<Grants, Fault> {
        self.ask(get(format!("/v1/grants{}", of(company, '?')))).await
    }

    /// Gives the external permission. Returns all grants.
    pub async fn grant(&self, grant: &NewGrant, key: &str) -> Result<Grants, Fault> {
        let mut call = write(Method::Post, "/v1/grants", None, key);
        call.body = json(grant)?;
        self.ask(call).await
    }

    /// Takes it back. Returns the grants that are left.
    pub async fn revoke_grant(
        &self,
        id: i64,
        company: Option<&CompanyId>,
        key: &str,
    ) -> Result<Grants, Fault> {
        let path = format!("/v1/grants/{id}{}", of(company, '?'));
        self.ask(write(Method::Delete, path, None, key)).await
    }

    /// Marks a member as left.
    pub async fn mark_left(
        &self,
        member: &MemberId,
        company: Option<CompanyId>,
        key: &str,
    ) -> Result<LeaveReply, Fault> {
        let path = format!("/v1/members/{}/leave", encode(member.as_str()));
        let mut call = write(Method::Post, path, None, key);
        call.body = json(&LeaveBody { company })?;
        self.ask(call).await
    }

    /// Rows of the audit log behind a number. `action` and `object` narrow them down.
    pub async fn audit(
        &self,
        company: Option<&CompanyId>,
        after: i64,
        (action, object): (Option<&str>, Option<&str>),
        limit: i64,
    ) -> Result<AuditPage, Fault> {
        let only = |name: &str, word: Option<&str>| {
            word.map(|word| format!("&{name}={}", encode(word))).unwrap_or_default()
        };
        let path = format!(
            "/v1/audit?after={after}&limit={limit}{}{}{}",
            only("action", action),
            only("object", object),
            of(company, '&')
        );
        self.ask(get(path)).await
    }

    /// Has the whole audit log looked through.
    pub async fn verify_audit(&self, body: &AuditVerify) -> Result<AuditFound, Fault> {
        let mut call = get("/v1/audit/verify");
        (call.method, call.body) = (Method::Post, json(body)?);
        self.ask(call).await
    }
}
