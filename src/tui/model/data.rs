//! What the server has told. Newer copies replace older ones, in whatever order they arrive; what is
//! gone leaves a mark, so that a late copy does not bring it back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use crate::domain::{
    ApprovalKind, Change, Company, CompanyId, Contact, ContactDetail, ContactId, ContactRoom, Department,
    DepartmentId, HistoryEntry, Introduction, LinkedPerson, Me, Member, MemberId, Part, Request,
    RequestDetail, RequestId, Snapshot,
};

/// A copy with the `seq` of the read that made it, or the mark of what is gone.
#[derive(Clone, Debug)]
struct Entry<T> {
    as_of: i64,
    here: Option<Arc<T>>,
}

/// Copies by id.
#[derive(Clone, Debug)]
struct Copies<K, T>(HashMap<K, Entry<T>>);

impl<K, T> Default for Copies<K, T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq, T> Copies<K, T> {
    /// Takes a copy, or the news that it is gone, unless a newer one is known. Of two of the same read
    /// the later arrival counts.
    fn put(&mut self, id: K, as_of: i64, here: Option<Arc<T>>) -> bool {
        match self.0.get_mut(&id) {
            Some(known) if known.as_of > as_of => false,
            Some(known) => {
                *known = Entry { as_of, here };
                true
            }
            None => {
                self.0.insert(id, Entry { as_of, here });
                true
            }
        }
    }

    fn get(&self, id: &K) -> Option<&Arc<T>> {
        self.0.get(id)?.here.as_ref()
    }

    fn all(&self) -> impl Iterator<Item = &Arc<T>> {
        self.0.values().filter_map(|entry| entry.here.as_ref())
    }
}

/// What an arrival changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Departments.
    pub departments: bool,
    /// Members.
    pub members: bool,
    /// Requests.
    pub requests: bool,
    /// External contacts.
    pub contacts: bool,
    /// One's own card.
    pub card: bool,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Who is signed in.
    pub me: Option<Me>,
    /// Their company.
    pub company: Option<Company>,
    /// Whether what is sent and shown passes in the clear where others may read it.
    pub insecure_http: bool,
    /// Version of the policy in force.
    pub policy_version: i64,
    /// Members in all, known or not.
    pub members_total: i64,
    /// Whether every member is known.
    pub members_complete: bool,
    /// How many more contacts the viewer may have; none: as many as come.
    pub room: Option<ContactRoom>,
    /// External contacts in all, known or not.
    pub contacts_total: i64,
    /// Whether every contact is known.
    pub contacts_complete: bool,
    members: Copies<MemberId, Member>,
    departments: Copies<DepartmentId, Department>,
    requests: Copies<RequestId, Request>,
    contacts: Copies<ContactId, Contact>,
    /// Those whom colleagues passed on, newest first.
    pub introductions: Vec<Introduction>,
    /// Whether everybody whom linked companies show is known.
    pub linked_complete: bool,
    /// By company and id, as they came.
    linked: BTreeMap<(CompanyId, ContactId), Arc<LinkedPerson>>,
    linked_by_id: HashMap<ContactId, Arc<LinkedPerson>>,
    histories: HashMap<ContactId, (i64, Vec<HistoryEntry>)>,
    /// What was read of requests besides, with the revision of that read.
    details: HashMap<RequestId, RequestDetail>,
    /// Departments below each, in order; `None` holds the roots.
    children: HashMap<Option<DepartmentId>, Vec<DepartmentId>>,
    /// Who is in each department, in the order of the screen.
    staff: HashMap<DepartmentId, Vec<MemberId>>,
    /// Departments whose staff is out of order.
    unsorted: HashSet<DepartmentId>,
}

impl Data {
    /// Everything anew, from the start.
    pub fn of(snapshot: Snapshot) -> Self {
        let mut data = Self {
            company: Some(snapshot.company),
            policy_version: snapshot.policy_version,
            insecure_http: snapshot.insecure_http,
            members_total: snapshot.members_total,
            contacts_total: snapshot.contacts_total,
            room: snapshot.room,
            ..Self::default()
        };
        let me = snapshot.me.member.clone();
        data.me = Some(snapshot.me);
        for department in snapshot.departments {
            data.departments.put(department.id.clone(), department.as_of, Some(Arc::new(department)));
        }
        data.order_departments();
        data.put_members(snapshot.members.into_iter().chain([me]));
        for request in snapshot.requests {
            data.requests.put(request.id.clone(), request.as_of, Some(Arc::new(request)));
        }
        data
    }

    /// Takes more members.
    pub fn put_members(&mut self, members: impl IntoIterator<Item = Member>) {
        for member in members {
            self.put_member(Arc::new(member));
        }
        self.sort_staff();
    }

    /// Takes more contacts.
    pub fn put_contacts(&mut self, contacts: impl IntoIterator<Item = Contact>) {
        for contact in contacts {
            self.contacts.put(contact.id.clone(), contact.as_of, Some(Arc::new(contact)));
        }
    }

    /// Takes requests that do not stand in the queue.
    pub fn put_requests(&mut self, requests: impl IntoIterator<Item = Request>) {
        for request in requests {
            self.requests.put(request.id.clone(), request.as_of, Some(Arc::new(request)));
        }
    }

    /// Takes more of the people whom linked companies show.
    pub fn put_linked(&mut self, people: Vec<LinkedPerson>, done: bool) {
        for person in people {
            let person = Arc::new(person);
            self.linked_by_id.insert(person.id.clone(), Arc::clone(&person));
            self.linked.insert((person.company_id.clone(), person.id.clone()), person);
        }
        self.linked_complete |= done;
    }

    /// Everybody known whom linked companies show, company by company.
    pub fn linked(&self) -> impl Iterator<Item = &Arc<LinkedPerson>> {
        self.linked.values()
    }

    /// Somebody whom a linked company shows.
    pub fn linked_person(&self, id: &ContactId) -> Option<&LinkedPerson> {
        self.linked_by_id.get(id).map(Arc::as_ref)
    }

    /// Takes a request with what belongs to it.
    pub fn put_request_detail(&mut self, detail: RequestDetail) {
        let request = Arc::new(detail.request.clone());
        self.requests.put(request.id.clone(), request.as_of, Some(request));
        self.details.insert(detail.request.id.clone(), detail);
    }

    /// What was read of a request besides, if it was read in its present revision.
    pub fn request_detail(&self, id: &RequestId) -> Option<&RequestDetail> {
        let detail = self.details.get(id)?;
        (self.request(id)?.revision == detail.request.revision).then_some(detail)
    }

    /// Takes a contact with its history.
    pub fn put_detail(&mut self, detail: ContactDetail) {
        let ContactDetail { contact, history, .. } = detail;
        self.histories.insert(contact.id.clone(), (contact.revision, history));
        self.put_contacts([contact]);
    }

    /// Applies changes.
    pub fn apply(&mut self, changes: Vec<Change>) -> Touched {
        let mut touched = Touched::default();
        for change in changes {
            match change {
                Change::Member(member) => touched.members |= self.put_member(Arc::new(*member)),
                Change::MemberGone(id, as_of) => {
                    let known = self.members.get(&id).cloned();
                    if self.members.put(id, as_of, None) {
                        touched.members = true;
                        if let Some(known) = known {
                            self.leave_departments(&known);
                        }
                    }
                }
                Change::Department(department) => {
                    touched.departments |= self.departments.put(
                        department.id.clone(),
                        department.as_of,
                        Some(Arc::new(*department)),
                    );
                }
                Change::DepartmentGone(id, as_of) => {
                    touched.departments |= self.departments.put(id, as_of, None)
                }
                Change::Request(request) => {
                    touched.requests |=
                        self.requests.put(request.id.clone(), request.as_of, Some(Arc::new(*request)));
                }
                Change::RequestGone(id, as_of) => {
                    self.details.remove(&id);
                    touched.requests |= self.requests.put(id, as_of, None);
                }
                Change::Contact(contact) => {
                    touched.contacts |=
                        self.contacts.put(contact.id.clone(), contact.as_of, Some(Arc::new(*contact)));
                }
                Change::ContactGone(id, as_of) => {
                    self.histories.remove(&id);
                    touched.contacts |= self.contacts.put(id, as_of, None);
                }
                Change::Room(room) => self.room = room,
                Change::Card => touched.card = true,
            }
        }
        if touched.departments {
            self.order_departments();
        }
        if touched.contacts && self.contacts_complete {
            self.contacts_total = i64::try_from(self.contacts.all().count()).unwrap_or(i64::MAX);
        }
        self.sort_staff();
        touched
    }

    fn put_member(&mut self, member: Arc<Member>) -> bool {
        let known = self.members.get(&member.id).cloned();
        if !self.members.put(member.id.clone(), member.as_of, Some(Arc::clone(&member))) {
            return false;
        }
        if known.as_ref().is_none_or(|known| known.departments != member.departments) {
            if let Some(known) = known {
                self.leave_departments(&known);
            }
            for place in &member.departments {
                self.staff.entry(place.id.clone()).or_default().push(member.id.clone());
                self.unsorted.insert(place.id.clone());
            }
        }
        true
    }

    /// Takes a member, as they were known, out of the departments they were in.
    fn leave_departments(&mut self, known: &Member) {
        for place in &known.departments {
            if let Some(staff) = self.staff.get_mut(&place.id) {
                staff.retain(|other| *other != known.id);
            }
        }
    }

    /// Leaders first, then in the order of the source.
    fn sort_staff(&mut self) {
        for department in std::mem::take(&mut self.unsorted) {
            let members = &self.members;
            if let Some(staff) = self.staff.get_mut(&department) {
                staff.sort_by_cached_key(|id| {
                    let place = members.get(id).and_then(|member| member.membership(&department).cloned());
                    place.map_or((true, i64::MAX, id.key()), |place| (!place.leader, place.order, id.key()))
                });
            }
        }
    }

    fn order_departments(&mut self) {
        let mut children: HashMap<Option<DepartmentId>, Vec<Arc<Department>>> = HashMap::new();
        for department in self.departments.all() {
            // The tree may be a forest: what is above may not be visible.
            let parent = department.parent.clone().filter(|parent| self.departments.get(parent).is_some());
            children.entry(parent).or_default().push(Arc::clone(department));
        }
        self.children = children
            .into_iter()
            .map(|(parent, mut below)| {
                below.sort_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
                (parent, below.into_iter().map(|department| department.id.clone()).collect())
            })
            .collect();
    }

    /// A member, if known and there.
    pub fn member(&self, id: &MemberId) -> Option<&Member> {
        self.members.get(id).map(Arc::as_ref)
    }

    /// A department, if known and there.
    pub fn department(&self, id: &DepartmentId) -> Option<&Department> {
        self.departments.get(id).map(Arc::as_ref)
    }

    /// A request, if known and there.
    pub fn request(&self, id: &RequestId) -> Option<&Request> {
        self.requests.get(id).map(Arc::as_ref)
    }

    /// How many more contacts the viewer may have, where a yes to this request brings them one.
    pub fn room_for(&self, request: &Request) -> Option<&ContactRoom> {
        let mine = request.kind == ApprovalKind::Connection && request.part == Part::Target;
        self.room.as_ref().filter(|_| mine)
    }

    /// A contact, if known and there.
    pub fn contact(&self, id: &ContactId) -> Option<&Contact> {
        self.contacts.get(id).map(Arc::as_ref)
    }

    /// The history of a contact, if it was read in its present revision.
    pub fn history(&self, id: &ContactId) -> Option<&[HistoryEntry]> {
        let (revision, history) = self.histories.get(id)?;
        (self.contact(id)?.revision == *revision).then_some(history)
    }

    /// Every known request.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.all().map(Arc::as_ref)
    }

    /// Every known contact.
    pub fn contacts(&self) -> impl Iterator<Item = &Arc<Contact>> {
        self.contacts.all()
    }

    /// Every known member.
    pub fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.all()
    }

    /// How many members are known.
    pub fn members_known(&self) -> usize {
        self.members.all().count()
    }

    /// The departments below one, in order; `None` asks for the roots.
    pub fn below(&self, id: Option<&DepartmentId>) -> &[DepartmentId] {
        self.children.get(&id.cloned()).map_or(&[], Vec::as_slice)
    }

    /// Who is in a department, in the order of the screen.
    pub fn staff(&self, id: &DepartmentId) -> &[MemberId] {
        self.staff.get(id).map_or(&[], Vec::as_slice)
    }

    /// Departments from the root down to one.
    pub fn path(&self, id: &DepartmentId) -> Vec<&Department> {
        let mut path = Vec::new();
        let mut here = self.department(id);
        while let Some(department) = here {
            // A circle would be the server's fault; it must not be ours to hang on.
            if path.len() > 64 {
                break;
            }
            path.push(department);
            here = department.parent.as_ref().and_then(|parent| self.department(parent));
        }
        path.reverse();
        path
    }

    /// The path of a department as search takes it.
    pub fn search_path(&self, id: &DepartmentId) -> String {
        let mut text = String::new();
        for department in self.path(id) {
            text.push_str(department.name.as_data());
            text.push(' ');
            if let Some(english) = &department.english_name {
                text.push_str(english.as_data());
                text.push(' ');
            }
        }
        text
    }
}
