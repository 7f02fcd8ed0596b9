//! A screen without a terminal, a network or a clock: the state, what updates asked for, and its picture.

use namecard::domain::{Contact, ContactId, Member, MemberId, Request, RequestId, Snapshot, Time};
use namecard::i18n::{Lang, Words};
use namecard::tui::keys::{Chord, KeyMap};
use namecard::tui::model::{Effect, Env, Msg, Size, State};
use namecard::tui::runtime::computed;
use namecard::tui::update::update;
use namecard::tui::view::{Caret, Theme, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Value, json};

/// The moment at which the tests begin: 2026-05-28 20:26:40 UTC.
pub const START: i64 = 1_780_000_000_000_000;
pub const SECOND: i64 = 1_000_000;
pub const HOUR: i64 = 3_600 * SECOND;
pub const DAY: i64 = 24 * HOUR;

pub struct Desk {
    pub state: State,
    pub env: Env,
    pub theme: Theme,
    pub caret: Option<Caret>,
    /// The requests of which everything was asked for; not among what keys bring back.
    pub read: Vec<RequestId>,
}

impl Desk {
    /// Before anything is known.
    pub fn empty(columns: u16, rows: u16, lang: Lang) -> Self {
        let env = Env {
            words: Words::of(lang),
            keymap: KeyMap::new(),
            now: Time::from_micros(START),
            zone: jiff::tz::TimeZone::UTC,
            instance: [7; 16],
        };
        Self {
            state: State::new(Size { columns, rows }),
            env,
            theme: Theme::default(),
            caret: None,
            read: Vec::new(),
        }
    }

    /// With the whole world of these tests.
    pub fn new(columns: u16, rows: u16, lang: Lang) -> Self {
        let mut desk = Self::empty(columns, rows, lang);
        desk.send(Msg::Snapshot(Box::new(snapshot())));
        desk.send(Msg::Members(members(), true));
        desk.send(Msg::Contacts(contacts(), true));
        desk
    }

    /// The usual one.
    pub fn usual() -> Self {
        Self::new(80, 24, Lang::En)
    }

    /// Sends a message. What needs only the processor is done at once; the other effects come back.
    pub fn send(&mut self, msg: Msg) -> Vec<Effect> {
        let mut asked = Vec::new();
        let mut messages = vec![msg];
        while let Some(msg) = messages.pop() {
            for effect in update(&mut self.state, &self.env, msg).effects {
                match computed(effect.clone(), &self.theme) {
                    Some(answer) => messages.push(Msg::Answer(answer)),
                    None => match effect {
                        Effect::ReadRequestDetail(id) => self.read.push(id),
                        effect => asked.push(effect),
                    },
                }
            }
        }
        asked
    }

    /// Presses keys, written as in the key table and separated by blanks.
    pub fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let mut asked = Vec::new();
        for key in keys.split(' ') {
            let chord = Chord::parse(key).unwrap_or_else(|| panic!("no key: {key}"));
            asked.extend(self.send(Msg::Key(chord)));
        }
        asked
    }

    /// Types letters.
    pub fn type_in(&mut self, text: &str) -> Vec<Effect> {
        let mut asked = Vec::new();
        for c in text.chars() {
            asked.extend(self.send(Msg::Key(Chord::char(c))));
        }
        asked
    }

    /// Lets time pass.
    pub fn pass(&mut self, micros: i64) {
        self.env.now = Time::from_micros(self.env.now.as_micros() + micros);
    }

    pub fn buffer(&mut self) -> Buffer {
        let Size { columns, rows } = self.state.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        self.caret = draw(&self.state, &self.env, &self.theme, &mut buffer);
        buffer
    }

    /// The screen as text: the rows, with the right halves of wide letters left out.
    pub fn picture(&mut self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut row = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += u16::try_from(namecard::text::width(symbol).max(1)).unwrap();
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }

    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        let picture = self.picture();
        assert!(picture.contains(text), "{text:?} is not on the screen:\n{picture}");
    }

    #[track_caller]
    pub fn hides(&mut self, text: &str) {
        let picture = self.picture();
        assert!(!picture.contains(text), "{text:?} is on the screen:\n{picture}");
    }
}

pub fn request_id(n: u128) -> RequestId {
    RequestId::from_bits(n)
}

pub fn contact_id(n: u128) -> ContactId {
    ContactId::from_bits(n)
}

pub fn member_id(text: &str) -> MemberId {
    MemberId::new(text).unwrap()
}

pub fn time(micros: i64) -> String {
    Time::from_micros(micros).timestamp().to_string()
}

fn department_id(n: u128) -> String {
    namecard::domain::DepartmentId::from_bits(n).as_str().to_owned()
}

pub fn department(n: u128, parent: Option<u128>, name: &str, english: Option<&str>, heads: i64) -> Value {
    json!({
        "id": department_id(n), "parent": parent.map(department_id), "name": name, "english_name": english,
        "order": n, "leaders": [], "head_count": heads, "revision": 1, "as_of": 1,
    })
}

pub fn member(id: &str, name: &str, department: u128, order: i64, more: Value) -> Member {
    let mut value = json!({
        "id": id, "revision": 1, "as_of": 1, "name": name,
        "departments": [{"id": department_id(department), "leader": order == 0, "order": order}],
        "status": "active", "allowed": ["chat"],
    });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

pub fn request(n: u128, name: &str, company: &str, ends: i64, more: Value) -> Request {
    let mut value = json!({
        "id": request_id(n), "revision": 1, "as_of": 1, "kind": "connection", "direction": "incoming",
        "part": "target", "queued": true, "manager_asked": "none", "manager_asking": "none",
        "requester": {"kind": "visitor", "name": name, "company": company, "title": "Buyer", "email": format!("p{n}@partner.example")},
        "target": {"id": "sam.zhang", "name": "张三"},
        "purpose": "Talk about the fair", "message": "We met in hall 3.\nShall we talk next week?",
        "channel": "namecard", "card_label": "printed",
        "created": time(START - 2 * HOUR), "expires": time(START + ends), "state": "pending",
        "verdict": {"code": "allowed_namecard", "rule": "EXT-02", "policy_version": 1},
        "allowed": ["approve", "reject"],
    });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

/// A request that was decided and can be taken back until `until`.
pub fn decided(n: u128, kind: &str, by: &str, until: i64) -> Request {
    let (state, reason) =
        if kind == "approve" { ("approved", None) } else { ("rejected", Some("not_known")) };
    request(
        n,
        "陈静",
        "Bluewave",
        3 * DAY,
        json!({
            "revision": 2, "as_of": 2, "state": state, "effective_at": time(until),
            "decision": {"kind": kind, "part": "target", "by": {"id": by, "name": by}, "at": time(START), "reason": reason},
            "allowed": ["undo"],
        }),
    )
}

pub fn contact(n: u128, name: &str, company: Option<&str>, since: i64, more: Value) -> Contact {
    let mut value = json!({
        "id": contact_id(n), "revision": 1, "as_of": 1, "kind": "visitor", "name": name, "company": company,
        "title": "Head of purchasing", "phones": ["+44 20 7946 0018"], "emails": [format!("c{n}@partner.example")],
        "source": {"channel": "namecard", "add_way": "they_asked", "card_label": "printed"},
        "since": time(START - since), "allowed": ["edit_remark", "remove"],
    });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

fn me() -> Member {
    member(
        "sam.zhang",
        "张三",
        4,
        0,
        json!({
            "alias": "Sam Zhang", "title": "运行时组组长", "external_title": "Runtime lead",
            "emails": ["sam.zhang@yunfan.example"], "office": "北京 海淀区中关村大街 8 号",
            "phones": [{"kind": "mobile", "number": "+86 138 0000 0001"}],
        }),
    )
}

pub fn members() -> Vec<Member> {
    let mut all = vec![
        me(),
        member(
            "wang.xm",
            "王小明",
            4,
            1,
            json!({
                "alias": "Ming", "title": "工程师", "manager": "sam.zhang", "emails": ["wang.xm@yunfan.example"],
                "phones": [{"kind": "mobile", "number": "+86 139 1234 4021"}],
            }),
        ),
        member("suzuki", "Sara Suzuki", 4, 2, json!({"title": "Engineer", "manager": "sam.zhang"})),
        member("shan", "单雄信", 4, 3, json!({"title": "测试工程师", "status": "not_activated"})),
        member(
            "zoe",
            "Zoë García-Núñez",
            5,
            0,
            json!({
                "title": "Sales lead for the whole of Europe, the Middle East and Africa",
                "emails": ["zoe@yunfan.example"],
            }),
        ),
        member("hidden", "Eve\u{202e}liv", 5, 1, json!({"title": "\u{1b}[31mred"})),
    ];
    for n in 0..30 {
        all.push(member(&format!("p{n:02}"), &format!("Person {n:02}"), 3, n, json!({"title": "Analyst"})));
    }
    all
}

pub fn contacts() -> Vec<Contact> {
    vec![
        contact(1, "陈静 Chen Jing", Some("碧波数据 Bluewave"), DAY, json!({"remark": "met at the fair"})),
        contact(2, "Amélie Noël", Some("Arcadie SA"), 2 * DAY, json!({})),
        contact(3, "Olu \u{2066}Adeyemi", None, 40 * DAY, json!({"title": null, "phones": []})),
    ]
}

pub fn requests() -> Vec<Request> {
    vec![
        request(11, "李雷 Li Lei", "碧波数据", 5 * HOUR, json!({})),
        request(12, "Bob \u{202e}txt.exe", "Northgrid Ltd", 30 * HOUR, json!({"message": null})),
        request(13, "Maria da Conceição Albuquerque de Vasconcelos", "Arcadie SA", 6 * DAY, json!({})),
        request(14, "한지민", "서울전자", 9 * DAY, json!({"purpose": "👩‍👩‍👧 招商会"})),
    ]
}

pub fn snapshot() -> Snapshot {
    let departments = vec![
        department(1, None, "云帆科技", Some("Yunfan"), 36),
        department(2, Some(1), "研发中心", Some("Engineering"), 34),
        department(3, Some(2), "平台部", Some("Platform"), 30),
        department(4, Some(2), "运行时组", Some("Runtime"), 4),
        department(5, Some(1), "销售中心", Some("Sales"), 2),
    ];
    let first: Vec<Member> = members().into_iter().take(4).collect();
    serde_json::from_value(json!({
        "me": {"member": me(), "roles": ["member"]},
        "company": {
            "id": "yunfan", "name": "云帆科技 Yunfan", "domain": "yunfan.example", "made_up": true,
            "chat_link": "wxwork://message?username={id}", "time_zone": "Asia/Shanghai",
            "created": time(START - 60 * DAY),
        },
        "departments": departments, "members": first, "members_total": 36, "contacts_total": 3,
        "requests": requests(), "policy_version": 1, "as_of": 1, "now": time(START),
    }))
    .unwrap()
}
