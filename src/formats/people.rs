//! People as files for other programs, and for the import of another company address book.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cells::{self, Formulas};
use super::csv::{COLUMNS, is_column_of_its_own, join_paths};
use crate::domain::{DepartmentRow, ImportRow, MemberRow};

/// The directory as CSV, in the columns that the import takes.
pub fn people_csv(people: &[MemberRow], formulas: Formulas) -> String {
    let with_roles = people.iter().any(|row| !row.role.is_empty());
    let columns = COLUMNS.iter().filter(|name| with_roles || **name != "role");
    let names: BTreeSet<&str> = people
        .iter()
        .flat_map(|row| &row.attributes)
        .map(|attribute| attribute.name.as_data())
        // Whatever is named like another column would be read as that one.
        .filter(|name| is_column_of_its_own(name))
        .collect();
    let mut out = String::new();
    cells::line(&mut out, columns.copied().chain(names.iter().copied()), formulas);
    for row in people {
        let (departments, leader_of) = (join_paths(&row.departments), join_paths(&row.leader_of));
        let mut line = vec![
            row.id.as_data(),
            row.name.as_data(),
            row.alias.as_data(),
            &departments,
            row.title.as_data(),
            row.external_title.as_data(),
            row.mobile.as_data(),
            row.phone.as_data(),
            row.email.as_data(),
            row.manager.as_data(),
            &leader_of,
            row.office.as_data(),
            row.status.as_data(),
        ];
        line.extend(with_roles.then(|| row.role.as_data()));
        line.extend(names.iter().map(|name| {
            let attribute = row.attributes.iter().find(|attribute| attribute.name.as_data() == *name);
            attribute.map(|attribute| attribute.value.as_data()).unwrap_or_default()
        }));
        cells::line(&mut out, line, formulas);
    }
    out
}

/// Rows of any other kind as CSV.
pub fn plain_csv(headings: &[&str], rows: &[Vec<String>], formulas: Formulas) -> String {
    let mut out = String::new();
    cells::line(&mut out, headings.iter().copied(), formulas);
    for row in rows {
        cells::line(&mut out, row.iter().map(String::as_str), formulas);
    }
    out
}

/// The directory as JSON: a list of the rows that an import sends, each on a line of its own.
pub fn people_json(departments: &[DepartmentRow], people: &[MemberRow]) -> Result<String, serde_json::Error> {
    let departments = departments.iter().cloned().map(ImportRow::Department);
    let people = people.iter().cloned().map(|row| ImportRow::Member(Box::new(row)));
    let mut out = String::from("[");
    for (at, row) in departments.chain(people).enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        let mut value = serde_json::to_value(row)?;
        for (kind, fields) in value.as_object_mut().into_iter().flatten() {
            let Some(fields) = fields.as_object_mut() else { continue };
            // The line is where the reader finds it.
            fields.remove("line");
            if kind == "department" {
                // Every field is there, whether it has a value or not.
                for name in ["english_name", "order"] {
                    fields.entry(name).or_insert(Value::Null);
                }
            }
        }
        out.push_str(&serde_json::to_string(&value)?);
    }
    out.push_str("\n]\n");
    Ok(out)
}

/// People as they come out of a directory, with texts as hostile as an import lets through.
#[cfg(test)]
pub(super) fn any_people() -> impl proptest::strategy::Strategy<Value = Vec<MemberRow>> {
    use crate::domain::Attribute;
    use proptest::prelude::*;

    let text = || "[=+\\-@\t\r\n\0＝＋－＠'\",;|/\\\\ a王\u{200b}\u{202e}\u{1b}\u{85}\u{feff}{}\\[\\]:]{0,10}|\\PC{0,6}";
    let paths = move || {
        prop::collection::vec(
            prop::collection::vec(text().prop_map(|part| format!("D{part}").into()), 1..4),
            0..3,
        )
    };
    let status = prop::sample::select(vec!["", "active", "left"]);
    let fields = (prop::collection::vec(text(), 8), paths(), paths(), status, any::<[bool; 2]>());
    let names = prop::collection::vec(text(), 0..3);
    (names, prop::collection::vec((fields, prop::collection::vec(text(), 3)), 0..5)).prop_map(
        |(names, people)| {
            let mut found = Vec::new();
            for (at, ((texts, departments, leader_of, status, [mail, role]), values)) in
                people.into_iter().enumerate()
            {
                let mut texts = texts.into_iter().map(crate::text::Untrusted::from);
                let mut text = || texts.next().unwrap_or_default();
                let mut attributes: Vec<Attribute> = names
                    .iter()
                    .zip(values)
                    .map(|(name, value)| Attribute {
                        name: crate::domain::normalise_line(name).into(),
                        value: value.into(),
                    })
                    .filter(|attribute| super::csv::is_column_of_its_own(attribute.name.as_data()))
                    .collect();
                attributes.sort();
                attributes.dedup_by(|one, other| one.name == other.name);
                let row = MemberRow {
                    line: 0,
                    id: format!("m{at}").into(),
                    name: format!("{}王", text().as_data()).into(),
                    alias: text(),
                    departments,
                    title: text(),
                    external_title: text(),
                    mobile: text(),
                    phone: text(),
                    email: if mail { "a@b.example".into() } else { "".into() },
                    manager: if role { "m0".into() } else { "".into() },
                    leader_of,
                    office: text(),
                    status: status.into(),
                    role: if role { "admin".into() } else { "".into() },
                    attributes,
                };
                // What is refused, or changed on its way in, is not in a directory.
                found.extend(row.check().ok().map(|checked| checked.row));
            }
            found
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Formulas, any_people, people_csv, plain_csv};
    use crate::domain::{Attribute, MemberRow};
    use crate::formats::{CsvPeople, PeopleItem};

    fn read(file: &str) -> Vec<MemberRow> {
        let mut people = CsvPeople::new(file.as_bytes()).unwrap();
        let mut found = Vec::new();
        while let Some(item) = people.next().unwrap() {
            match item {
                PeopleItem::Row(mut row) => {
                    row.line = 0;
                    found.push(*row);
                }
                other => panic!("{other:?} in {file}"),
            }
        }
        found
    }

    #[test]
    fn a_column_that_would_be_read_as_another_is_left_out() {
        let attribute = |name: &str| Attribute { name: name.into(), value: "x".into() };
        let row = MemberRow {
            id: "ann".into(),
            name: "Ann".into(),
            attributes: vec![
                attribute("External Title"),
                attribute("=Floor"),
                attribute("a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q;r"),
            ],
            ..MemberRow::default()
        };
        let file = people_csv(std::slice::from_ref(&row), Formulas::Marked);
        assert!(file.starts_with("id,name,alias,department,title,external_title,mobile,phone,email,manager,leader_of,office,status,'=Floor,\"a;b;"), "{file}");
        assert_eq!(read(&file), [MemberRow { attributes: row.attributes[1..].to_vec(), ..row }]);
    }

    #[test]
    fn lists_of_other_things_are_quoted_too() {
        let rows = [vec!["=1".to_owned(), "a,\"b\"\n".to_owned()]];
        assert_eq!(
            plain_csv(&["id", "name"], &rows, Formulas::Marked),
            "id,name\r\n'=1,\"a,\"\"b\"\"\n\"\r\n"
        );
        assert_eq!(plain_csv(&["id"], &[vec!["+1".into()]], Formulas::AsTheyAre), "id\r\n+1\r\n");
    }

    proptest! {
        #[test]
        fn what_went_out_as_csv_comes_in_again_the_same(people in any_people()) {
            prop_assert_eq!(read(&people_csv(&people, Formulas::Marked)), people);
        }

        #[test]
        fn no_cell_of_a_csv_file_begins_a_formula(people in any_people()) {
            let file = people_csv(&people, Formulas::Marked);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
            for record in reader.records() {
                for cell in &record.unwrap() {
                    let shown = cell.trim_start_matches(|c: char| c.is_whitespace() && c != '\t' && c != '\r');
                    prop_assert!(!shown.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', '＝', '＋', '－', '＠']), "{:?}", cell);
                }
            }
        }
    }
}
