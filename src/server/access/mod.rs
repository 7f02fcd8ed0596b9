//! Who may do what, and what of a person a viewer sees. Two questions are asked on the server, this
//! one and the policy's: *does this exist for you and may your role do it*, and *may this connection
//! happen*.

mod sight;
mod walls;

pub(crate) use sight::{Seen, Sight};
pub(crate) use walls::walls;

use crate::domain::{MemberId, Role};

/// A signed-in member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Viewer {
    /// Hidden key of the company.
    pub(crate) company: i64,
    /// Hidden key of the member.
    pub(crate) member: i64,
    /// The member's id.
    pub(crate) id: MemberId,
    /// What they may be, weakest first.
    pub(crate) roles: Vec<Role>,
}

impl Viewer {
    /// Whether they are an admin of their company.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.contains(&Role::Admin)
    }
}

/// Whoever sends a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Nobody signed in.
    Visitor,
    /// A member.
    Member(Viewer),
    /// The holder of the server's own token.
    Operator,
}

impl Actor {
    /// How the audit log and stored answers name them: by hidden key, not by name.
    pub(crate) fn tag(&self) -> String {
        match self {
            Self::Visitor => "visitor".to_owned(),
            Self::Member(viewer) => format!("member/{}", viewer.member),
            Self::Operator => "operator".to_owned(),
        }
    }

    fn has(&self, role: Role) -> bool {
        match self {
            Self::Visitor => role == Role::Visitor,
            Self::Member(viewer) => viewer.roles.contains(&role),
            Self::Operator => role == Role::Operator,
        }
    }
}

/// What a route does. Each route declares one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Read what everybody may read: the API's description.
    ReadPublic,
    /// Read the start, the tree, people, and search them.
    ReadDirectory,
    /// Read one's own external contacts.
    ReadContacts,
    /// Change or end one's own external contacts.
    ChangeContacts,
    /// Read requests.
    ReadRequests,
    /// Decide requests, and take decisions back.
    Decide,
    /// Read the people of linked companies.
    ReadLinked,
    /// Link one's company with another one, and end that.
    LinkCompanies,
    /// Find out whether one may reach somebody, and ask them.
    Ask,
    /// See and change what one set for oneself.
    OwnSettings,
    /// See and change one's own cards.
    OwnCards,
    /// Follow what changes.
    Follow,
    /// Take out what one sees, which is written down.
    Export,
    /// Bring a directory in.
    Import,
    /// Give and take tokens and roles in a company.
    Administer,
    /// Read a company's audit log, which is written down.
    ReadAudit,
    /// End one's own session.
    SignOut,
    /// Make companies and sessions: the server's own token only.
    Operate,
}

/// What is acted on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Object {
    /// Nothing in particular: may the role do it at all?
    Any,
    /// Something that one member of a company owns.
    Owned {
        /// The company.
        company: i64,
        /// The member.
        owner: i64,
    },
    /// A company.
    Company(i64),
    /// Something in which several have a part, such as a request.
    Shared {
        /// Whether the actor is one of them.
        has_part: bool,
    },
}

/// The answer. A denial for an object that lies outside one's view looks like the object's absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Go on.
    Allow,
    /// Nobody is signed in.
    SignIn,
    /// The role does not allow it, on anything.
    Forbidden,
    /// For this actor there is no such thing.
    NotThere,
}

/// May `actor` do `action` on `object`? Whatever is not named here is denied.
pub(crate) fn can(actor: &Actor, action: Action, object: Object) -> Answer {
    let by_role = match action {
        Action::ReadPublic => true,
        Action::ReadDirectory
        | Action::ReadContacts
        | Action::ChangeContacts
        | Action::ReadRequests
        | Action::Decide
        | Action::Ask
        | Action::ReadLinked
        | Action::OwnSettings
        | Action::OwnCards
        | Action::Follow
        | Action::SignOut
        | Action::Export => actor.has(Role::Member),
        Action::LinkCompanies => actor.has(Role::Admin),
        Action::Import | Action::Administer => actor.has(Role::Admin) || actor.has(Role::Operator),
        Action::ReadAudit => actor.has(Role::Auditor) || actor.has(Role::Admin) || actor.has(Role::Operator),
        Action::Operate => actor.has(Role::Operator),
    };
    if !by_role {
        return if *actor == Actor::Visitor { Answer::SignIn } else { Answer::Forbidden };
    }
    match (actor, object) {
        (_, Object::Any) | (Actor::Operator, _) => Answer::Allow,
        (Actor::Member(viewer), Object::Company(company)) if viewer.company == company => Answer::Allow,
        (Actor::Member(viewer), Object::Owned { company, owner })
            if viewer.company == company && viewer.member == owner =>
        {
            Answer::Allow
        }
        (Actor::Member(_), Object::Shared { has_part: true }) => Answer::Allow,
        _ => Answer::NotThere,
    }
}

/// Whether a viewer hears of a change: of what is everybody's in their company, and of their own.
pub(crate) fn hears(viewer: &Viewer, owner: Option<i64>) -> bool {
    owner.is_none_or(|owner| owner == viewer.member)
}

#[cfg(test)]
mod tests {
    use super::{Action, Actor, Answer, Object, Viewer, can};
    use crate::domain::{MemberId, Role};

    fn member(company: i64, member: i64, roles: &[Role]) -> Actor {
        Actor::Member(Viewer { company, member, id: MemberId::new("m").unwrap(), roles: roles.to_vec() })
    }

    #[test]
    fn what_belongs_to_others_is_not_there() {
        let me = member(1, 7, &[Role::Member, Role::Manager, Role::Admin]);
        let row = |company, owner| Object::Owned { company, owner };
        assert_eq!(can(&me, Action::Decide, row(1, 7)), Answer::Allow);
        assert_eq!(can(&me, Action::Decide, row(1, 8)), Answer::NotThere);
        assert_eq!(can(&me, Action::Decide, row(2, 7)), Answer::NotThere);
        assert_eq!(can(&me, Action::Import, Object::Company(2)), Answer::NotThere);
    }

    #[test]
    fn roles_open_and_close() {
        let plain = member(1, 7, &[Role::Member]);
        assert_eq!(can(&plain, Action::Import, Object::Company(1)), Answer::Forbidden);
        assert_eq!(can(&plain, Action::Operate, Object::Any), Answer::Forbidden);
        assert_eq!(can(&Actor::Visitor, Action::ReadDirectory, Object::Any), Answer::SignIn);
        assert_eq!(can(&Actor::Operator, Action::ReadDirectory, Object::Any), Answer::Forbidden);
        assert_eq!(can(&Actor::Operator, Action::Import, Object::Company(1)), Answer::Allow);
    }
}
