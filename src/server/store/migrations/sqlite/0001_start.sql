-- Columns hold integers, text and bytes only. Booleans are 0 and 1, times are microseconds since 1970
-- in UTC, ids are text. Every table but `settings` belongs to a company.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE companies (
    sk INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    id_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    domain TEXT,
    time_zone TEXT NOT NULL,
    made_up INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    -- Heads: of the outbox, of the audit log, and the version of the directory's content.
    seq INTEGER NOT NULL DEFAULT 0,
    audit_seq INTEGER NOT NULL DEFAULT 0,
    audit_hash BLOB NOT NULL,
    directory_version INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE policies (
    company INTEGER NOT NULL REFERENCES companies (sk),
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (company, version)
) STRICT;

CREATE TABLE departments (
    sk INTEGER PRIMARY KEY,
    company INTEGER NOT NULL REFERENCES companies (sk),
    id TEXT NOT NULL UNIQUE,
    -- Where it comes from and its path there: by the two it is recognised.
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    parent INTEGER REFERENCES departments (sk),
    name TEXT NOT NULL,
    english_name TEXT,
    ord INTEGER NOT NULL,
    -- Present people in it and below it, each counted once. Kept by whatever changes the directory.
    head_count INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL,
    UNIQUE (company, source, path)
) STRICT;

-- Each department with itself and every department above it.
CREATE TABLE department_ancestors (
    department INTEGER NOT NULL REFERENCES departments (sk),
    ancestor INTEGER NOT NULL REFERENCES departments (sk),
    PRIMARY KEY (department, ancestor)
) STRICT;

CREATE TABLE members (
    sk INTEGER PRIMARY KEY,
    company INTEGER NOT NULL REFERENCES companies (sk),
    id TEXT NOT NULL,
    id_key TEXT NOT NULL,
    name TEXT NOT NULL,
    alias TEXT,
    title TEXT,
    external_title TEXT,
    phones TEXT NOT NULL,
    emails TEXT NOT NULL,
    office TEXT,
    status TEXT NOT NULL,
    -- Checked at the commit: a company comes in as one piece, its managers in any order.
    manager INTEGER REFERENCES members (sk) DEFERRABLE INITIALLY DEFERRED,
    attributes TEXT NOT NULL,
    -- admin, auditor or none
    special_role TEXT NOT NULL,
    -- Hash of what the source said, to see what it says differently.
    source_hash BLOB NOT NULL,
    revision INTEGER NOT NULL,
    -- Taken out of the directory. The id may then be given again; the new person inherits nothing.
    gone_at INTEGER
) STRICT;
CREATE UNIQUE INDEX members_by_id ON members (company, id_key) WHERE gone_at IS NULL;
CREATE INDEX members_by_manager ON members (manager) WHERE manager IS NOT NULL;

CREATE TABLE member_departments (
    member INTEGER NOT NULL REFERENCES members (sk),
    department INTEGER NOT NULL REFERENCES departments (sk),
    -- 0 is the main department.
    place INTEGER NOT NULL,
    leader INTEGER NOT NULL,
    ord INTEGER NOT NULL,
    PRIMARY KEY (member, department)
) STRICT;
CREATE INDEX member_departments_by_department ON member_departments (department);
CREATE INDEX member_departments_leaders ON member_departments (department) WHERE leader = 1;

-- What search looks into: prepared, per field, one row a person.
CREATE TABLE member_keys (
    member INTEGER PRIMARY KEY REFERENCES members (sk),
    company INTEGER NOT NULL,
    keys TEXT NOT NULL
) STRICT;
CREATE INDEX member_keys_by_company ON member_keys (company);

CREATE TABLE sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    company INTEGER NOT NULL REFERENCES companies (sk),
    member INTEGER NOT NULL REFERENCES members (sk),
    -- local: lies beside the database, for whoever may read the database itself
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX sessions_by_member ON sessions (member);

CREATE TABLE cards (
    sk INTEGER PRIMARY KEY,
    company INTEGER NOT NULL REFERENCES companies (sk),
    id TEXT NOT NULL UNIQUE,
    member INTEGER NOT NULL REFERENCES members (sk),
    kind TEXT NOT NULL,
    label TEXT,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revision INTEGER NOT NULL
) STRICT;
CREATE INDEX cards_by_member ON cards (member);

-- Each code a card ever had. The token itself is made from the card's id and generation with a key
-- that is not in this database.
CREATE TABLE card_codes (
    card INTEGER NOT NULL REFERENCES cards (sk),
    generation INTEGER NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (card, generation)
) STRICT;

CREATE TABLE requests (
    sk INTEGER PRIMARY KEY,
    -- The target's company owns the row.
    company INTEGER NOT NULL REFERENCES companies (sk),
    requester_company INTEGER REFERENCES companies (sk),
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    target INTEGER NOT NULL REFERENCES members (sk),
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
    channel TEXT NOT NULL,
    card INTEGER REFERENCES cards (sk),
    card_label TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    effective_at INTEGER,
    verdict_code TEXT NOT NULL,
    rule TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    status_hash BLOB UNIQUE,
    form_hash BLOB UNIQUE,
    body_hash BLOB
) STRICT;
CREATE INDEX requests_by_target ON requests (target, expires_at);
CREATE INDEX requests_by_card ON requests (card, created_at);

-- Decisions, one row each, also the ones taken back.
CREATE TABLE request_steps (
    request INTEGER NOT NULL REFERENCES requests (sk),
    -- Revision of the request that the decision made.
    revision INTEGER NOT NULL,
    step INTEGER NOT NULL,
    who INTEGER NOT NULL REFERENCES members (sk),
    what TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    undone_at INTEGER,
    reason TEXT,
    words TEXT,
    told INTEGER NOT NULL,
    rule TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    PRIMARY KEY (request, revision)
) STRICT;

-- One row per side of a connection.
CREATE TABLE contacts (
    sk INTEGER PRIMARY KEY,
    company INTEGER NOT NULL REFERENCES companies (sk),
    id TEXT NOT NULL UNIQUE,
    owner INTEGER NOT NULL REFERENCES members (sk),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    company_name TEXT,
    title TEXT,
    phones TEXT NOT NULL,
    emails TEXT NOT NULL,
    remark TEXT,
    channel TEXT NOT NULL,
    add_way TEXT NOT NULL,
    card_label TEXT,
    request INTEGER REFERENCES requests (sk),
    -- In the future while the approval can be undone: nobody sees the row before.
    since INTEGER NOT NULL,
    gone_at INTEGER,
    revision INTEGER NOT NULL
) STRICT;
CREATE INDEX contacts_by_owner ON contacts (owner, id) WHERE gone_at IS NULL;
CREATE INDEX contacts_by_request ON contacts (request);

CREATE TABLE contact_history (
    contact INTEGER NOT NULL REFERENCES contacts (sk),
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    who INTEGER REFERENCES members (sk),
    rule TEXT,
    policy_version INTEGER
) STRICT;
CREATE INDEX contact_history_by_contact ON contact_history (contact, at);

-- What changed, numbered without a gap per company. Ids only: readers fetch the content through
-- their own filter.
CREATE TABLE outbox (
    company INTEGER NOT NULL REFERENCES companies (sk),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Whose object it is; null for everybody of the company.
    member INTEGER REFERENCES members (sk),
    revision INTEGER NOT NULL,
    -- For changes that time makes: each once.
    cause TEXT,
    PRIMARY KEY (company, seq)
) STRICT;
CREATE UNIQUE INDEX outbox_due_once ON outbox (company, kind, id, revision, cause) WHERE cause IS NOT NULL;

-- Moments at which time will make a difference: each becomes one outbox row.
CREATE TABLE deadlines (
    company INTEGER NOT NULL REFERENCES companies (sk),
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    cause TEXT NOT NULL,
    member INTEGER REFERENCES members (sk),
    at INTEGER NOT NULL,
    PRIMARY KEY (company, kind, id, revision, cause)
) STRICT;
CREATE INDEX deadlines_by_time ON deadlines (at);

-- Answers to writes, to be given again when the same write comes again.
CREATE TABLE replies (
    actor TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    status INTEGER NOT NULL,
    etag TEXT,
    body BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (actor, route, key)
) STRICT;
CREATE INDEX replies_by_time ON replies (at);

CREATE TABLE audit (
    company INTEGER NOT NULL REFERENCES companies (sk),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    old_state TEXT,
    new_state TEXT,
    policy_version INTEGER,
    call TEXT NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (company, seq)
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
WHEN (SELECT made_up FROM companies WHERE sk = OLD.company) = 0
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE imports (
    -- Never given twice: stored answers name it.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company INTEGER REFERENCES companies (sk),
    -- The company to make with it, as JSON.
    made_company TEXT,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE staged_rows (
    import INTEGER NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    row TEXT NOT NULL,
    PRIMARY KEY (import, n)
) STRICT;
