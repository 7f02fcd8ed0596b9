//! People as files for other programs, and for the import of another company address book.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cells::{self, Formulas};
use super::csv::{COLUMNS, is_column_of_its_own, join_paths};
use crate::domain::{DepartmentRow, ImportRow, MemberRow};
use crate::text::Untrusted;

fn data(text: Option<&Untrusted>) -> &str {
    text.map(Untrusted::as_data).unwrap_or_default()
}

/// The directory as CSV, in the columns that the import takes. Roles are left out where no row says one.
pub fn people_csv(people: &[MemberRow], formulas: Formulas) -> String {
    let with_roles = people.iter().any(|row| !data(row.role.as_ref()).is_empty());
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
        let (departments, leader_of) = (row.departments.as_deref(), row.leader_of.as_deref());
        let departments = join_paths(departments.unwrap_or_default());
        let leader_of = join_paths(leader_of.unwrap_or_default());
        let mut line = vec![
            row.id.as_data(),
            row.name.as_data(),
            data(row.alias.as_ref()),
            &departments,
            data(row.title.as_ref()),
            data(row.external_title.as_ref()),
            data(row.mobile.as_ref()),
            data(row.phone.as_ref()),
            data(row.email.as_ref()),
            data(row.manager.as_ref()),
            &leader_of,
            data(row.office.as_ref()),
            data(row.status.as_ref()),
        ];
        line.extend(with_roles.then(|| data(row.role.as_ref())));
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

/// A text as hostile as any.
#[cfg(test)]
fn any_text() -> impl proptest::strategy::Strategy<Value = Untrusted> {
    use proptest::prelude::*;

    "[=+\\-@\t\r\n\0＝＋－＠'\",;|/\\\\ a王\u{200b}\u{202e}\u{1b}\u{85}\u{feff}{}\\[\\]:👍👩‍🔬]{0,10}|\\PC{0,6}"
        .prop_map(Untrusted::from)
}

/// A person as an export has them: every field said.
#[cfg(test)]
pub(super) fn any_person() -> impl proptest::strategy::Strategy<Value = MemberRow> {
    use crate::domain::{Attribute, normalise_line};
    use proptest::prelude::*;

    let paths = || {
        let part = any_text().prop_map(|part| format!("D{}", part.as_data()).into());
        prop::collection::vec(prop::collection::vec(part, 1..4), 0..3)
    };
    let attributes = prop::collection::btree_map(any_text(), any_text(), 0..3);
    let words = (prop::sample::select(vec!["", "active", "left"]), any::<[bool; 3]>());
    (prop::collection::vec(any_text(), 7), paths(), paths(), attributes, words).prop_filter_map(
        "what is refused is in no directory",
        |(texts, departments, leader_of, attributes, (status, [mail, boss, role]))| {
            let mut texts = texts.into_iter();
            let mut text = || Some(texts.next().unwrap_or_default());
            let row = MemberRow {
                line: 0,
                id: "m".into(),
                name: format!("{}王", text().unwrap_or_default().as_data()).into(),
                alias: text(),
                main_department: None,
                departments: Some(departments),
                title: text(),
                external_title: text(),
                mobile: text(),
                phone: text(),
                email: Some(if mail { "a@b.example".into() } else { "".into() }),
                manager: Some(if boss { "m0".into() } else { "".into() }),
                leader_of: Some(leader_of),
                office: text(),
                status: Some(status.into()),
                role: Some(if role { "admin".into() } else { "".into() }),
                attributes: attributes
                    .into_iter()
                    .map(|(name, value)| Attribute { name: normalise_line(name.as_data()).into(), value })
                    .filter(|attribute| is_column_of_its_own(attribute.name.as_data()))
                    .filter(|attribute| !normalise_line(attribute.value.as_data()).is_empty())
                    .collect(),
            };
            let mut row = row.check().ok()?.row;
            row.attributes.sort();
            Some(row)
        },
    )
}

/// People as they come out of a directory.
#[cfg(test)]
pub(super) fn any_people() -> impl proptest::strategy::Strategy<Value = Vec<MemberRow>> {
    use proptest::prelude::*;

    prop::collection::vec(any_person(), 0..5).prop_map(|mut people| {
        for (at, row) in people.iter_mut().enumerate() {
            row.id = format!("m{at}").into();
        }
        people
    })
}

/// What is held after a row came in onto what was held before.
#[cfg(test)]
pub(super) fn imported(row: MemberRow, before: Option<crate::domain::Held>) -> crate::domain::Held {
    before.unwrap_or_default().after(row.check().unwrap())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Formulas, any_people, any_person, imported, people_csv, plain_csv};
    use crate::domain::{Attribute, MemberRow};
    use crate::formats::{PeopleFile, PeopleForm, PeopleItem};

    fn read(file: &str) -> Vec<MemberRow> {
        let mut people = PeopleFile::open(PeopleForm::Csv, file.as_bytes()).unwrap();
        let mut found = Vec::new();
        while let Some(item) = people.next().unwrap() {
            match item {
                PeopleItem::Row(row) => found.push(*row),
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
        let mut expected = imported(row, None);
        expected.attributes.retain(|attribute| attribute.name.as_data() != "External Title");
        let read: Vec<_> = read(&file).into_iter().map(|row| imported(row, None)).collect();
        assert_eq!(read, [expected]);
    }

    #[test]
    fn a_column_that_is_missing_says_nothing_and_an_empty_one_says_nothing_is_there() {
        let rows = read("id,name,title,Floor\na,A,,\n");
        let expected = MemberRow {
            line: 2,
            id: "a".into(),
            name: "A".into(),
            title: Some("".into()),
            attributes: vec![Attribute { name: "Floor".into(), value: "".into() }],
            ..MemberRow::default()
        };
        assert_eq!(rows, [expected]);
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
        /// Whatever was there before: a file with all columns says all there is, attributes apart that it does
        /// not name.
        #[test]
        fn what_went_out_as_csv_comes_in_again_the_same(people in any_people(), other in any_person()) {
            let rows = read(&people_csv(&people, Formulas::Marked));
            prop_assert_eq!(rows.len(), people.len());
            for (row, person) in rows.into_iter().zip(people) {
                let held = imported(person.clone(), None);
                prop_assert_eq!(&imported(row.clone(), None), &held);
                prop_assert_eq!(&imported(row.clone(), Some(held.clone())), &held);
                let mut other = imported(other.clone(), None);
                other.attributes.clear();
                prop_assert_eq!(&imported(row.clone(), Some(other)), &held);
                prop_assert_eq!(row.check().unwrap().role, person.check().unwrap().role);
            }
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
