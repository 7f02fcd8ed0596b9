-- Requests that only another system can decide: what it is called, its own name for the request, where it is
-- decided there, and since when it is.
ALTER TABLE requests ADD COLUMN system TEXT;
ALTER TABLE requests ADD COLUMN system_key TEXT;
ALTER TABLE requests ADD COLUMN system_link TEXT;
ALTER TABLE requests ADD COLUMN system_ended_at INTEGER;
CREATE UNIQUE INDEX requests_elsewhere ON requests (company, system, system_key) WHERE system IS NOT NULL;
