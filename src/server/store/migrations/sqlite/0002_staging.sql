-- Rows of an import are staged in a file of their own; what was staged here has to be sent again. A row is
-- compared with what the directory holds, not with what the source said before.
-- Where somebody stands is kept with them once more, as it is shown.

DELETE FROM imports;
DROP TABLE staged_rows;
ALTER TABLE members DROP COLUMN source_hash;
ALTER TABLE members ADD COLUMN places TEXT NOT NULL DEFAULT '';
UPDATE members SET places = COALESCE((
    SELECT string_agg(d.id || ':' || md.leader || ':' || md.ord, ' ' ORDER BY md.place)
    FROM member_departments md JOIN departments d ON d.sk = md.department WHERE md.member = members.sk
), '');
