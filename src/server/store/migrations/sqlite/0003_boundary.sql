-- The boundary: rules, grants, partner links, approvals of all four kinds, several cards.

-- Documents of before say nothing that the built-in rules do not say.
UPDATE policies SET document = '# The built-in rules hold.' || char(10);
ALTER TABLE policies ADD COLUMN note TEXT;
-- Since when each rule says what it says: an object of ids and microseconds.
ALTER TABLE policies ADD COLUMN since TEXT NOT NULL DEFAULT '{}';

-- How a name is drawn. Filled in by the program.
ALTER TABLE members ADD COLUMN look TEXT;
CREATE INDEX members_by_look ON members (company, look);
CREATE INDEX members_without_look ON members (sk) WHERE look IS NULL;

-- The external permission, given apart from the document, to a member or to a department.
CREATE TABLE grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company INTEGER NOT NULL REFERENCES companies (sk),
    member INTEGER REFERENCES members (sk),
    department INTEGER REFERENCES departments (sk),
    made_at INTEGER NOT NULL,
    -- Later than `made_at` while the decision that gives it can be taken back.
    since INTEGER NOT NULL,
    until INTEGER,
    -- Who gave it; null for the operator.
    made_by INTEGER REFERENCES members (sk),
    request INTEGER,
    revoked_at INTEGER,
    CHECK ((member IS NULL) <> (department IS NULL))
) STRICT;
CREATE INDEX grants_by_member ON grants (member) WHERE member IS NOT NULL;
CREATE INDEX grants_by_department ON grants (department) WHERE department IS NOT NULL;

-- What members set for themselves. No row: they take requests and are here.
CREATE TABLE member_settings (
    member INTEGER PRIMARY KEY REFERENCES members (sk),
    accepts INTEGER NOT NULL DEFAULT 1,
    away_until INTEGER,
    -- Decides for them while they are away.
    stand_in INTEGER REFERENCES members (sk),
    revision INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX member_settings_by_stand_in ON member_settings (stand_in) WHERE stand_in IS NOT NULL;

-- What is counted of a member on one day of their company's zone.
CREATE TABLE counters (
    member INTEGER NOT NULL REFERENCES members (sk),
    day TEXT NOT NULL,
    what TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (member, day, what)
) STRICT;

-- Whoever is hidden from colleagues stands here once for each wall that hides them; whoever may see
-- through a wall stands beside it. Written anew when the directory or the policy changes.
CREATE TABLE hidden_members (
    member INTEGER NOT NULL REFERENCES members (sk),
    wall INTEGER NOT NULL,
    PRIMARY KEY (member, wall)
) STRICT;
CREATE TABLE hidden_departments (
    department INTEGER NOT NULL REFERENCES departments (sk),
    wall INTEGER NOT NULL,
    PRIMARY KEY (department, wall)
) STRICT;
CREATE TABLE wall_passes (
    wall INTEGER NOT NULL,
    member INTEGER NOT NULL REFERENCES members (sk),
    PRIMARY KEY (wall, member)
) STRICT;
CREATE TABLE walls (
    wall INTEGER PRIMARY KEY AUTOINCREMENT,
    company INTEGER NOT NULL REFERENCES companies (sk),
    -- The rules that make it, joined by blanks.
    rules TEXT NOT NULL
) STRICT;
CREATE INDEX walls_by_company ON walls (company);
-- Whoever sees their own departments only, with these.
CREATE TABLE narrowed_viewers (
    member INTEGER NOT NULL REFERENCES members (sk),
    department INTEGER NOT NULL REFERENCES departments (sk),
    PRIMARY KEY (member, department)
) STRICT;

-- Requests of all kinds. The tables that name them are made anew with them.
ALTER TABLE contact_history RENAME TO contact_history_1;
ALTER TABLE contacts RENAME TO contacts_1;
ALTER TABLE request_steps RENAME TO request_steps_1;
ALTER TABLE requests RENAME TO requests_1;
DROP INDEX requests_by_target;
DROP INDEX requests_by_card;
DROP INDEX contacts_by_owner;
DROP INDEX contacts_by_request;
DROP INDEX contact_history_by_contact;

CREATE TABLE requests (
    sk INTEGER PRIMARY KEY,
    -- The target's company owns the row.
    company INTEGER NOT NULL REFERENCES companies (sk),
    -- The member who asks, when it is one, and their company.
    requester INTEGER REFERENCES members (sk),
    requester_company INTEGER REFERENCES companies (sk),
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- Whom it is for; null: the company's admins, or a handover that nobody was chosen for yet.
    target INTEGER REFERENCES members (sk),
    -- As the requester showed or typed it.
    name TEXT NOT NULL,
    company_name TEXT,
    title TEXT,
    email TEXT,
    phone TEXT,
    -- For telling a second request of the same address from a first one. Never for recognising people.
    email_key TEXT,
    phone_key TEXT,
    purpose TEXT,
    message TEXT,
    -- How a connection crosses the boundary; null for the other kinds.
    channel TEXT,
    introduced_by INTEGER REFERENCES members (sk),
    card INTEGER REFERENCES cards (sk),
    card_label TEXT,
    -- Warnings that were computed when it came in, joined by blanks.
    flags TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    effective_at INTEGER,
    -- Managers who have to approve too, by side: 0 none, 1 waits, 2 approved.
    manager_asked INTEGER NOT NULL DEFAULT 0,
    manager_asking INTEGER NOT NULL DEFAULT 0,
    -- For a permission: until when it is asked for or given.
    until INTEGER,
    verdict_code TEXT NOT NULL,
    rule TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    status_hash BLOB UNIQUE,
    form_hash BLOB UNIQUE,
    body_hash BLOB
) STRICT;
INSERT INTO requests (sk, company, requester_company, id, revision, kind, target, name, company_name, title, email,
    phone, email_key, phone_key, purpose, message, channel, card, card_label, created_at, expires_at, state,
    effective_at, verdict_code, rule, policy_version, status_hash, form_hash, body_hash)
SELECT sk, company, requester_company, id, revision, kind, target, name, company_name, title, email,
    phone, email_key, phone_key, purpose, message, channel, card, card_label, created_at, expires_at, state,
    effective_at, verdict_code, rule, policy_version, status_hash, form_hash, body_hash FROM requests_1;
CREATE INDEX requests_by_target ON requests (target, expires_at);
CREATE INDEX requests_by_card ON requests (card, created_at);
CREATE INDEX requests_by_requester ON requests (requester, created_at) WHERE requester IS NOT NULL;
CREATE INDEX requests_of_admins ON requests (company, kind) WHERE target IS NULL;
CREATE INDEX requests_by_email ON requests (company, email_key) WHERE email_key IS NOT NULL;

-- Who may decide besides the target, and as what: manager_asked, manager_asking, admin, assigner. A null
-- member stands for every admin of the company.
CREATE TABLE request_approvers (
    request INTEGER NOT NULL REFERENCES requests (sk),
    part TEXT NOT NULL,
    company INTEGER NOT NULL REFERENCES companies (sk),
    member INTEGER REFERENCES members (sk)
) STRICT;
CREATE INDEX request_approvers_by_request ON request_approvers (request);
CREATE INDEX request_approvers_by_member ON request_approvers (member);

-- Decisions, one row each, also the ones taken back.
CREATE TABLE request_steps (
    request INTEGER NOT NULL REFERENCES requests (sk),
    -- Revision of the request that the decision made.
    revision INTEGER NOT NULL,
    -- As what it was decided: target, manager_asked, manager_asking, admin, assigner.
    part TEXT NOT NULL,
    who INTEGER NOT NULL REFERENCES members (sk),
    -- For whom, when a stand-in decided.
    stands_for INTEGER REFERENCES members (sk),
    what TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    undone_at INTEGER,
    reason TEXT,
    words TEXT,
    told INTEGER NOT NULL,
    rule TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    -- What the request was before, so that it can be again.
    state_before TEXT NOT NULL,
    expires_before INTEGER NOT NULL,
    PRIMARY KEY (request, revision)
) STRICT;
INSERT INTO request_steps (request, revision, part, who, what, decided_at, effective_at, undone_at, reason, words,
    told, rule, policy_version, state_before, expires_before)
SELECT s.request, s.revision, 'target', s.who, s.what, s.decided_at, s.effective_at, s.undone_at, s.reason, s.words,
    s.told, s.rule, s.policy_version, 'pending', r.expires_at
FROM request_steps_1 s JOIN requests_1 r ON r.sk = s.request;
CREATE INDEX request_steps_by_who ON request_steps (who, decided_at);

-- What was said and done on a request besides decisions: questions and answers, passing on.
CREATE TABLE request_notes (
    request INTEGER NOT NULL REFERENCES requests (sk),
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    -- The colleague; null for the requester.
    who INTEGER REFERENCES members (sk),
    -- To whom it was passed.
    other INTEGER REFERENCES members (sk),
    words TEXT
) STRICT;
CREATE INDEX request_notes_by_request ON request_notes (request, at);

-- An approver's own marks: asked, and until when it is out of the way.
CREATE TABLE request_marks (
    request INTEGER NOT NULL REFERENCES requests (sk),
    member INTEGER NOT NULL REFERENCES members (sk),
    snoozed_until INTEGER,
    -- A question of theirs is open until then.
    asked_until INTEGER,
    PRIMARY KEY (request, member)
) STRICT;

-- One row per side of a connection.
CREATE TABLE contacts (
    sk INTEGER PRIMARY KEY,
    company INTEGER NOT NULL REFERENCES companies (sk),
    id TEXT NOT NULL UNIQUE,
    owner INTEGER NOT NULL REFERENCES members (sk),
    kind TEXT NOT NULL,
    -- The member of another company that it is, when it is one.
    peer INTEGER REFERENCES members (sk),
    name TEXT NOT NULL,
    company_name TEXT,
    title TEXT,
    phones TEXT NOT NULL,
    emails TEXT NOT NULL,
    remark TEXT,
    description TEXT,
    -- How the name is drawn, and the domain of the first address: look-alikes are told by them.
    look TEXT,
    domain TEXT,
    channel TEXT NOT NULL,
    add_way TEXT NOT NULL,
    card_label TEXT,
    request INTEGER REFERENCES requests (sk),
    -- In the future while the approval can be undone, or the contact may refuse a new owner: nobody sees
    -- the row before.
    since INTEGER NOT NULL,
    gone_at INTEGER,
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO contacts (sk, company, id, owner, kind, name, company_name, title, phones, emails, remark, channel,
    add_way, card_label, request, since, gone_at, revision)
SELECT sk, company, id, owner, kind, name, company_name, title, phones, emails, remark, channel,
    add_way, card_label, request, since, gone_at, revision FROM contacts_1;
CREATE INDEX contacts_by_owner ON contacts (owner, id) WHERE gone_at IS NULL;
CREATE INDEX contacts_by_request ON contacts (request);
CREATE INDEX contacts_by_look ON contacts (company, look);
CREATE INDEX contacts_without_look ON contacts (sk) WHERE look IS NULL;
CREATE INDEX contacts_by_peer ON contacts (peer, owner) WHERE peer IS NOT NULL;

CREATE TABLE contact_history (
    contact INTEGER NOT NULL REFERENCES contacts (sk),
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    who INTEGER REFERENCES members (sk),
    rule TEXT,
    policy_version INTEGER
) STRICT;
INSERT INTO contact_history (contact, at, what, who, rule, policy_version)
SELECT contact, at, what, who, rule, policy_version FROM contact_history_1 ORDER BY rowid;
CREATE INDEX contact_history_by_contact ON contact_history (contact, at);

DROP TABLE contact_history_1;
DROP TABLE contacts_1;
DROP TABLE request_steps_1;
DROP TABLE requests_1;

-- Tags: the company's, and each owner's own.
CREATE TABLE contact_tags (
    contact INTEGER NOT NULL REFERENCES contacts (sk),
    tag TEXT NOT NULL,
    own INTEGER NOT NULL,
    PRIMARY KEY (contact, tag)
) STRICT;

-- Who may not ask again. A block counts for the whole company.
CREATE TABLE blocks (
    company INTEGER NOT NULL REFERENCES companies (sk),
    peer INTEGER REFERENCES members (sk),
    email_key TEXT,
    phone_key TEXT,
    request INTEGER REFERENCES requests (sk),
    made_by INTEGER NOT NULL REFERENCES members (sk),
    made_at INTEGER NOT NULL,
    lifted_at INTEGER
) STRICT;
CREATE INDEX blocks_by_company ON blocks (company) WHERE lifted_at IS NULL;

-- A standing agreement of two companies: `proposer` asked, `accepter` said yes.
CREATE TABLE partner_links (
    sk INTEGER PRIMARY KEY,
    request INTEGER NOT NULL REFERENCES requests (sk),
    proposer INTEGER NOT NULL REFERENCES companies (sk),
    accepter INTEGER NOT NULL REFERENCES companies (sk),
    -- When it begins to hold; null until it is accepted.
    since INTEGER,
    ended_at INTEGER,
    ended_by INTEGER REFERENCES companies (sk)
) STRICT;
CREATE INDEX partner_links_by_proposer ON partner_links (proposer);
CREATE INDEX partner_links_by_accepter ON partner_links (accepter);
-- Whom each side shows the other.
CREATE TABLE partner_scopes (
    link INTEGER NOT NULL REFERENCES partner_links (sk),
    company INTEGER NOT NULL REFERENCES companies (sk),
    department INTEGER REFERENCES departments (sk),
    member INTEGER REFERENCES members (sk),
    CHECK ((member IS NULL) <> (department IS NULL))
) STRICT;
CREATE INDEX partner_scopes_by_link ON partner_scopes (link, company);
-- The people whom a company sees of another one. Written anew when scope, directory or policy changes;
-- who comes again has the same id.
CREATE TABLE linked_people (
    viewer_company INTEGER NOT NULL REFERENCES companies (sk),
    member INTEGER NOT NULL REFERENCES members (sk),
    link INTEGER NOT NULL REFERENCES partner_links (sk),
    id TEXT NOT NULL UNIQUE,
    shown INTEGER NOT NULL,
    PRIMARY KEY (viewer_company, member)
) STRICT;
CREATE INDEX linked_people_shown ON linked_people (viewer_company, link, id) WHERE shown = 1;

-- A colleague passes a contact on.
CREATE TABLE introductions (
    sk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    company INTEGER NOT NULL REFERENCES companies (sk),
    contact INTEGER NOT NULL REFERENCES contacts (sk),
    made_by INTEGER NOT NULL REFERENCES members (sk),
    -- Who may ask now.
    member INTEGER NOT NULL REFERENCES members (sk),
    -- The person outside.
    peer INTEGER NOT NULL REFERENCES members (sk),
    made_at INTEGER NOT NULL,
    used_by INTEGER REFERENCES requests (sk)
) STRICT;
CREATE INDEX introductions_by_member ON introductions (member, peer);

-- What a handover hands over.
CREATE TABLE handover_items (
    request INTEGER NOT NULL REFERENCES requests (sk),
    n INTEGER NOT NULL,
    -- One of the two.
    contact INTEGER REFERENCES contacts (sk),
    pending INTEGER REFERENCES requests (sk),
    -- waiting, told, done, refused, failed
    state TEXT NOT NULL,
    reason TEXT,
    -- The contact is told then, and may refuse until then.
    told_at INTEGER,
    due_at INTEGER,
    -- The new owner's row.
    made INTEGER REFERENCES contacts (sk),
    PRIMARY KEY (request, n)
) STRICT;
CREATE INDEX handover_items_by_contact ON handover_items (contact);

-- Cards: several, each with what it shows and how often it may be used.
ALTER TABLE cards ADD COLUMN fields TEXT NOT NULL DEFAULT '[]';
ALTER TABLE cards ADD COLUMN max_uses INTEGER;
ALTER TABLE cards ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;

-- A moment may matter to several.
ALTER TABLE deadlines RENAME TO deadlines_1;
CREATE TABLE deadlines (
    company INTEGER NOT NULL REFERENCES companies (sk),
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    cause TEXT NOT NULL,
    -- 0 for everybody of the company.
    member INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (company, kind, id, revision, cause, member)
) STRICT;
INSERT INTO deadlines (company, kind, id, revision, cause, member, at)
SELECT company, kind, id, revision, cause, COALESCE(member, 0), at FROM deadlines_1;
DROP TABLE deadlines_1;
CREATE INDEX deadlines_by_time ON deadlines (at);
CREATE INDEX deadlines_by_object ON deadlines (kind, id);
DROP INDEX outbox_due_once;
CREATE UNIQUE INDEX outbox_due_once ON outbox (company, kind, id, revision, cause, COALESCE(member, 0))
    WHERE cause IS NOT NULL;
