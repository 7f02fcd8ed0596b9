//! What the server says has changed, in the words of the product.

use super::{
    Contact, ContactId, ContactRoom, Department, DepartmentId, Member, MemberId, Request, RequestId,
};

/// One change of something the client shows. Each carries the `as_of` of the read that rendered it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A member is new or looks different.
    Member(Box<Member>),
    /// A member is no longer to be seen.
    MemberGone(MemberId, i64),
    /// A department is new or looks different.
    Department(Box<Department>),
    /// A department is no longer to be seen.
    DepartmentGone(DepartmentId, i64),
    /// A request is new or looks different, whatever its state.
    Request(Box<Request>),
    /// A request is no longer to be seen.
    RequestGone(RequestId, i64),
    /// An external contact is new or looks different.
    Contact(Box<Contact>),
    /// An external contact is no longer to be seen.
    ContactGone(ContactId, i64),
    /// How many more contacts the viewer may have.
    Room(Option<ContactRoom>),
    /// The signed-in member's card looks different.
    Card,
}
