-- Rows of an import are staged in a file of their own; what was staged here has to be sent again. A row is
-- compared with what the directory holds, not with what the source said before.

DELETE FROM imports;
DROP TABLE staged_rows;
ALTER TABLE members DROP COLUMN source_hash;
