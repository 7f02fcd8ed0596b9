//! The directory: tree, list, search, chat.

use namecard::domain::{Change, Time};
use namecard::i18n::Lang;
use namecard::tui::model::{Answer, Effect, Layer, Msg, Places, Size, Ticket};
use serde_json::json;

use crate::desk::{Desk, START, member, member_id, members};

fn names(desk: &Desk) -> Vec<String> {
    desk.state
        .directory
        .tree
        .iter()
        .map(|row| desk.state.data.department(&row.id).unwrap().name.as_data().to_owned())
        .collect()
}

fn here(desk: &Desk) -> &str {
    let id = desk.state.directory.department.as_ref().unwrap();
    desk.state.data.department(id).unwrap().name.as_data()
}

fn found(desk: &Desk) -> Vec<&str> {
    let search = desk.state.directory.search.as_ref().unwrap();
    (0..search.hits.len()).map(|at| desk.state.listed_member(at).unwrap().as_str()).collect()
}

#[test]
fn it_opens_on_ones_own_department_with_the_way_to_it_open() {
    let mut desk = Desk::usual();
    assert_eq!(here(&desk), "运行时组");
    assert_eq!(names(&desk), ["云帆科技", "研发中心", "平台部", "运行时组", "销售中心"]);
    desk.shows("王小明");
    desk.hides("Person 00");
}

#[test]
fn folding_walks_up_and_unfolding_walks_down() {
    let mut desk = Desk::usual();
    desk.keys("h");
    assert!(desk.state.directory.in_tree, "from the list to the tree");
    desk.keys("h");
    assert_eq!(here(&desk), "研发中心");
    desk.keys("h");
    assert_eq!(names(&desk), ["云帆科技", "研发中心", "销售中心"]);
    desk.keys("l");
    assert_eq!(names(&desk), ["云帆科技", "研发中心", "平台部", "运行时组", "销售中心"]);
    desk.keys("j");
    assert_eq!(here(&desk), "平台部");
    desk.shows("Person 00");
    desk.keys("l");
    assert!(!desk.state.directory.in_tree, "a department without any below gives its people");
    desk.keys("-");
    assert_eq!(here(&desk), "研发中心");
    desk.keys("- -");
    assert_eq!(here(&desk), "云帆科技");
}

#[test]
fn people_of_the_departments_below_come_with_s() {
    let mut desk = Desk::usual();
    desk.keys("- -");
    assert_eq!(desk.state.directory.list.len(), 0);
    desk.keys("s");
    assert_eq!(desk.state.directory.list.len(), 36);
    desk.keys("s");
    assert_eq!(desk.state.directory.list.len(), 0);
}

#[test]
fn moving_stays_in_range_and_the_cursor_row_is_on_the_screen() {
    let mut desk = Desk::usual();
    desk.keys("Tab k k k G g g G");
    desk.keys("k");
    assert_eq!(here(&desk), "运行时组");
    desk.keys("k Tab");
    assert_eq!(here(&desk), "平台部");
    for keys in ["G", "g g", "Ctrl-d", "Ctrl-d", "PgDn", "PgDn", "PgDn", "k", "Ctrl-u", "PgUp", "Home", "End"]
    {
        desk.keys(keys);
        let directory = &desk.state.directory;
        let at = directory.list_cursor.at;
        assert!(at < directory.list.len());
        desk.shows(&format!("Person {at:02}"));
    }
    assert_eq!(desk.state.directory.list_cursor.at, 29);
    // A smaller window keeps the row in sight.
    desk.send(Msg::Resize(Size { columns: 60, rows: 12 }));
    desk.shows("Person 29");
}

#[test]
fn search_finds_by_name_sound_initials_alias_title_department_mail_and_digits() {
    for (typed, first) in [
        ("王小", "wang.xm"),
        ("wangxiaoming", "wang.xm"),
        ("wxm", "wang.xm"),
        ("ming", "wang.xm"),
        ("shanxiong", "shan"),
        ("sxx", "shan"),
        ("garcia", "zoe"),
        ("ZOË", "zoe"),
        ("sales lead", "zoe"),
        ("测试", "shan"),
        ("wang.xm@", "wang.xm"),
        ("4021", "wang.xm"),
        ("139-1234", "wang.xm"),
    ] {
        let mut desk = Desk::usual();
        assert_eq!(desk.keys("/"), []);
        desk.type_in(typed);
        assert_eq!(found(&desk).first(), Some(&first), "{typed}");
    }
    let mut desk = Desk::usual();
    desk.keys("/");
    desk.type_in("销售");
    assert_eq!(found(&desk).len(), 2, "everybody of the department");
    desk.type_in(" nobody at all");
    assert_eq!(found(&desk), [""; 0]);
    desk.shows("销售 nobody at all");
}

#[test]
fn esc_gives_back_what_was_there_before_the_search() {
    let mut desk = Desk::usual();
    desk.keys("- j j");
    let before = desk.picture();
    desk.keys("/");
    desk.type_in("person 1");
    desk.keys("Down Down");
    assert_ne!(desk.picture(), before);
    desk.keys("Esc");
    assert_eq!(desk.picture(), before);
}

#[test]
fn enter_opens_the_card_of_the_hit_and_esc_comes_back_to_the_hits() {
    let mut desk = Desk::usual();
    desk.keys("/");
    desk.type_in("person");
    desk.keys("Down Down Enter");
    assert!(matches!(desk.state.layers.last(), Some(Layer::Member { id, .. }) if *id == member_id("p02")));
    desk.keys("Esc");
    assert_eq!(desk.state.directory.search.as_ref().map(|search| search.cursor.at), Some(2));
}

#[test]
fn only_the_answer_to_the_newest_letter_counts() {
    let mut desk = Desk::usual();
    desk.keys("/");
    desk.type_in("wx");
    let before = desk.picture();
    let stale = Answer::Ranked(Places::Directory, Ticket(1), Vec::new(), 0);
    desk.send(Msg::Answer(stale));
    assert_eq!(desk.picture(), before);
}

#[test]
fn somebody_new_is_found_by_the_search_that_is_open() {
    let mut desk = Desk::usual();
    desk.keys("/");
    desk.type_in("newcomer");
    assert_eq!(found(&desk), [""; 0]);
    let new = member("new", "Nina Newcomer", 4, 9, json!({"as_of": 7}));
    desk.send(Msg::Changes(vec![Change::Member(Box::new(new))], Time::from_micros(START)));
    assert_eq!(found(&desk), ["new"]);
    desk.send(Msg::Changes(vec![Change::MemberGone(member_id("new"), 8)], Time::from_micros(START)));
    assert_eq!(found(&desk), [""; 0]);
}

#[test]
fn a_search_behind_another_tab_is_asked_again_when_its_records_change() {
    let mut desk = Desk::usual();
    desk.keys("/");
    desk.type_in("person");
    let first = found(&desk).first().map(|id| (*id).to_owned());
    desk.keys("Enter Esc");
    // A member who sorts before all others shifts every record by one.
    desk.state.tab = namecard::tui::model::Tab::Approvals;
    let new = member("aaa", "Aaa", 4, 9, json!({"as_of": 7}));
    desk.send(Msg::Changes(vec![Change::Member(Box::new(new))], Time::from_micros(START)));
    desk.state.tab = namecard::tui::model::Tab::Directory;
    assert_eq!(found(&desk).first().map(|id| (*id).to_owned()), first);
}

#[test]
fn until_everybody_is_there_the_search_says_so() {
    let mut desk = Desk::empty(80, 24, Lang::En);
    desk.send(Msg::Snapshot(Box::new(crate::desk::snapshot())));
    desk.keys("/");
    desk.type_in("p");
    desk.shows("not complete yet");
    desk.send(Msg::Members(members(), true));
    desk.hides("not complete yet");
}

#[test]
fn c_asks_for_the_companys_link_and_says_opened_only_when_it_is() {
    let mut desk = Desk::usual();
    let asked = desk.keys("j c");
    let link = "wxwork://message?username=wang.xm";
    assert_eq!(asked, [Effect::OpenChat { member: member_id("wang.xm"), link: link.into() }]);
    let shown = namecard::text::SafeText::clean(link);
    assert_eq!(desk.send(Msg::Answer(Answer::ChatOpened(shown.clone(), true))), []);
    assert!(desk.state.layers.is_empty());
    assert_eq!(desk.state.toasts.all().len(), 1);
    // Nothing could open it: it is shown and copied.
    let asked = desk.send(Msg::Answer(Answer::ChatOpened(shown.clone(), false)));
    assert_eq!(asked, [Effect::Copy(shown)]);
    desk.shows(link);
    desk.keys("Esc");
    desk.hides(link);
}

#[test]
fn without_a_link_or_with_a_dangerous_one_no_chat_is_begun() {
    for link in [
        json!(null),
        json!("javascript:alert('{id}')"),
        json!("file:///etc/{id}"),
        json!("https://chat.example/"),
    ] {
        let mut desk = Desk::empty(80, 24, Lang::En);
        let mut snapshot = crate::desk::snapshot();
        snapshot.company.chat_link = serde_json::from_value(link).unwrap();
        desk.send(Msg::Snapshot(Box::new(snapshot)));
        assert_eq!(desk.keys("c"), []);
        assert_eq!(desk.state.toasts.all().len(), 1);
    }
}

#[test]
fn what_is_copied_is_what_is_shown() {
    let mut desk = Desk::usual();
    desk.keys("h G l j");
    let asked = desk.keys("y n");
    assert_eq!(asked, [Effect::Copy(namecard::text::SafeText::clean("Eve<U+202E>liv"))]);
    assert_eq!(desk.keys("y p"), [], "no number, nothing copied");
    desk.keys("k");
    assert_eq!(desk.keys("y e"), [Effect::Copy(namecard::text::SafeText::clean("zoe@yunfan.example"))]);
}

#[test]
fn a_department_that_moves_takes_its_people_along() {
    let mut desk = Desk::usual();
    let moved = json!({
        "id": crate::desk::snapshot().departments[3].id, "parent": crate::desk::snapshot().departments[4].id,
        "name": "运行时组", "english_name": "Runtime", "order": 1, "leaders": [], "head_count": 4, "revision": 2, "as_of": 9,
    });
    let moved = serde_json::from_value(moved).unwrap();
    desk.send(Msg::Changes(vec![Change::Department(Box::new(moved))], Time::from_micros(START)));
    assert_eq!(here(&desk), "运行时组");
    desk.shows("王小明");
    desk.keys("-");
    assert_eq!(here(&desk), "销售中心");
}

#[test]
fn a_card_is_scrolled_to_its_last_line_and_no_further() {
    for size in [(80, 24), (40, 12), (30, 8), (120, 40)] {
        let mut desk = Desk::new(size.0, size.1, Lang::En);
        desk.keys("/");
        desk.type_in("sam.zhang");
        desk.keys("Enter G");
        let end = desk.picture();
        assert!(
            end.lines().any(|line| line.contains("sam.zhang") && line.contains("id ")),
            "{size:?}:\n{end}"
        );
        desk.keys("j Space G");
        assert_eq!(desk.picture(), end, "{size:?}");
        desk.keys("g g");
        desk.shows("张三");
    }
}
