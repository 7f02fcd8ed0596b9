//! Made-up people for the benchmarks: the same ones in every run, without a server.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

use namecard::domain::{Member, Snapshot};
use serde_json::{Value, json};

const SURNAMES: [&str; 16] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "单", "欧阳", "Berg", "García", "O'Neil",
    "Nguyen",
];
const GIVEN: [&str; 16] = [
    "伟", "芳", "娜", "秀英", "敏", "静", "雄", "重阳", "Anna", "Olu", "Zoë", "Li Na", "Carolina", "Bo",
    "Søren", "Kim",
];
const TITLES: [&str; 8] =
    ["Engineer", "产品经理", "Lead", "Buyer", "工程师", "Designer", "Accountant", "总监"];
const DEPARTMENTS: u64 = 200;

/// A generator good enough to spread names: xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn word<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

fn department_id(n: u64) -> String {
    format!("d_{n:026}")
}

pub fn people(how_many: u64) -> Vec<Member> {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    (0..how_many)
        .map(|n| {
            let name = format!("{}{}", dice.word(&SURNAMES), dice.word(&GIVEN));
            let row = json!({
                "id": format!("m{n:06}"), "revision": 1, "as_of": 1, "name": name, "status": "active",
                "alias": format!("{} {}", dice.word(&GIVEN[8..]), dice.word(&SURNAMES[12..])),
                "title": dice.word(&TITLES),
                "departments": [{"id": department_id(1 + n % (DEPARTMENTS - 1)), "leader": n < DEPARTMENTS, "order": n}],
                "phones": [{"kind": "mobile", "number": format!("+86 13{} {:04} {:04}", dice.below(10), dice.below(10_000), dice.below(10_000))}],
                "emails": [format!("m{n:06}@acme.example")],
                "allowed": ["chat"],
            });
            serde_json::from_value(row).unwrap()
        })
        .collect()
}

/// What the server tells first, with the first hundred people.
pub fn snapshot(people: &[Member]) -> Snapshot {
    let departments: Vec<Value> = (0..DEPARTMENTS)
        .map(|n| {
            let parent = (n > 0).then(|| department_id(if n < 20 { 0 } else { n % 19 + 1 }));
            json!({
                "id": department_id(n), "revision": 1, "as_of": 1, "parent": parent, "name": format!("部门 {n}"),
                "english_name": format!("Department {n}"), "order": n, "head_count": people.len() as u64 / (n + 1), "leaders": [],
            })
        })
        .collect();
    let time = "2026-06-01T00:00:00Z";
    let start = json!({
        "me": {"member": people[0], "roles": ["member", "manager"]},
        "company": {"id": "acme", "name": "Acme", "made_up": true, "time_zone": "UTC", "created": time},
        "policy_version": 1, "departments": departments, "members": people.iter().take(100).collect::<Vec<_>>(),
        "members_total": people.len(), "contacts_total": 0, "requests": [], "as_of": 1, "now": time,
    });
    serde_json::from_value(start).unwrap()
}
