//! The visitor's pages over the real router: the namecard, the form and its key, the private status page.

use std::time::Duration;

use crate::support::{Reply, START, World, acme_rows, hidden_field, member};
use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use namecard::domain::Time;
use namecard::server::{Clock, Durability};
use serde_json::{Value, json};
use sha2::Digest as _;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A token that leads nowhere, in the form of one that might.
const NOWHERE: &str = "7Q2M9K4TZR8VPQ1SWN5YB3XE01";

/// A world whose forms must rest and end, as those of the real program.
async fn patient() -> World {
    let clock = Clock::manual(Time::from_micros(START));
    let world = World::with(clock, Durability::Scratch, true).await;
    world.company("acme", "Acme", &acme_rows()).await;
    world
}

/// A world with a session and the card of ann.
async fn with_card() -> (World, String, String) {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    (world, ann, card)
}

async fn get_in(world: &World, path: &str, language: &str) -> Reply {
    let request = Request::get(path).header("accept-language", language).body(Body::empty()).unwrap();
    world.send(request).await
}

/// What a visitor typed, with one field otherwise.
fn typed<'a>(form: &'a str, other: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("name", "陈静"),
        ("company", "Bluewave"),
        ("title", "CTO"),
        ("email", "jing@bluewave.example"),
        ("phone", "+44 20 7946 0102"),
        ("purpose", "maintenance offer"),
        ("message", "We met."),
        ("form", form),
    ];
    for field in &mut fields {
        if field.0 == other.0 {
            field.1 = other.1;
        }
    }
    fields
}

/// Everything a page could be told apart by.
fn face(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (reply.status.as_u16(), headers, reply.text())
}

#[tokio::test]
async fn the_link_opens_the_namecard_and_asks_first_what_it_is_about() {
    let (world, _, card) = with_card().await;
    let page = world.get("", &card).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let page = page.text();
    for part in [
        "<h1>安娜 Anna</h1>",
        "Head of R&#38;D",
        "Acme",
        &format!("href=\"{card}/vcard\""),
        &format!("href=\"{card}?for=business\""),
        &format!("href=\"{card}?for=personal\""),
        "width=device-width",
        "We never ask for a password or a payment here.",
        "This page opens on this computer only.",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    // What the owner did not tick is not shown, and nothing is asked before the choice.
    for part in ["4021", "ann@acme.example", "Lead", "<form", "<input"] {
        assert!(!page.contains(part), "{part} stands in {page}");
    }
    // A scanner gives the link in capitals, a person in any case.
    let lower = world.get("", &card.to_lowercase()).await;
    assert_eq!((lower.status.as_u16(), lower.text()), (200, page));
}

#[tokio::test]
async fn the_form_says_who_receives_it_and_for_how_long() {
    let (world, _, card) = with_card().await;
    let page = world.get("", &format!("{card}?for=business")).await.text();
    assert!(page.contains("Only 安娜 Anna at Acme reads this. Without an answer it ends after 30 days."));
    for field in ["name", "company", "title", "email", "phone", "purpose", "message"] {
        assert!(page.contains(&format!("<label for=\"{field}\">")), "{field}");
        assert!(page.contains(&format!(" name=\"{field}\"")), "{field}");
    }
    assert!(page.contains(&format!("method=\"post\" action=\"{card}\"")));
    assert_ne!(hidden_field(&page), world.form(&card).await, "each form has a key of its own");
}

#[tokio::test]
async fn something_personal_is_turned_away_before_anything_is_written() {
    let (world, ann, card) = with_card().await;
    let before = world.get(&ann, "/v1/requests").await.ok()["as_of"].clone();
    let page = world.get("", &format!("{card}?for=personal")).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("This is a work namecard"));
    assert!(page.text().contains("please use a personal messenger"));
    assert!(!page.text().contains("<form"));
    // Nor does looking at any page write anything.
    world.get("", &card).await;
    world.form(&card).await;
    world.get("", &format!("{card}/vcard")).await;
    let after = world.get(&ann, "/v1/requests").await.ok();
    assert_eq!((&after["items"], &after["as_of"]), (&json!([]), &before));
}

#[tokio::test]
async fn the_browser_chooses_between_english_and_chinese() {
    let (world, _, card) = with_card().await;
    for (asked, tag, sentence) in [
        ("en-GB,en;q=0.9", "en", "Save to contacts"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "保存到通讯录"),
        ("zh", "zh-CN", "保存到通讯录"),
        ("en;q=0.5, zh-Hans-CN;q=0.8", "zh-CN", "保存到通讯录"),
        ("fr-FR, de;q=0.5", "en", "Save to contacts"),
        ("", "en", "Save to contacts"),
    ] {
        let page = get_in(&world, &card, asked).await.text();
        assert!(page.contains(&format!("<html lang=\"{tag}\">")), "{asked}: {page}");
        assert!(page.contains(sentence), "{asked}: {page}");
    }
    let status = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    for path in [&status, &format!("{card}?for=business"), &format!("{card}?for=personal"), "/C/none"] {
        assert!(get_in(&world, path, "zh-CN").await.text().contains("<html lang=\"zh-CN\">"), "{path}");
    }
}

#[tokio::test]
async fn every_page_is_protected_and_runs_nothing() {
    let (world, _, card) = with_card().await;
    let status = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let form = world.form(&card).await;
    let mut pages = Vec::new();
    for path in [
        &card,
        &format!("{card}?for=business"),
        &format!("{card}?for=personal"),
        &format!("{card}/vcard"),
        &status,
        "/C/none",
        &format!("/C/{NOWHERE}/vcard"),
        &format!("/s/{NOWHERE}"),
        "/nothing/of/this/kind",
    ] {
        pages.push((path.to_owned(), world.get("", path).await));
    }
    for (what, path, fields) in [
        (
            "asked before",
            &card,
            vec![("name", "O"), ("email", "olu@northgrid.example"), ("purpose", "x"), ("form", &*form)],
        ),
        ("bad fields", &card, vec![("form", &*form)]),
        ("no key", &card, vec![]),
        ("too long", &card, vec![("message", &*"x".repeat(6_000)), ("form", &*form)]),
        ("unknown card", &format!("/C/{NOWHERE}"), vec![]),
        ("withdraw", &format!("{status}/withdraw"), vec![]),
    ] {
        pages.push((what.to_owned(), world.post_form(path, &fields).await));
    }
    for (what, page) in &pages {
        let policy = page.header("content-security-policy");
        for part in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(part), "{what}: {policy}");
        }
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{what}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(page.header("cache-control"), "no-store", "{what}");
        assert_eq!(page.header("x-robots-tag"), "noindex", "{what}");
        assert_eq!(page.header("set-cookie"), "", "{what}");
        let text = page.text();
        if let Some((_, rest)) = text.split_once("<style>") {
            // The one style is the one that the policy names.
            let style = rest.split("</style>").next().unwrap();
            let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
            assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{what}");
        }
        let lower = text.to_lowercase();
        for part in [
            "<script",
            "javascript:",
            " onclick",
            " onload",
            " style=",
            "src=",
            "http://www",
            "@import",
            "url(",
        ] {
            assert!(!lower.contains(part), "{what}: {part} in {text}");
        }
    }
    assert!(pages.iter().filter(|(_, page)| page.text().contains("<style>")).count() > 10);
}

#[tokio::test]
async fn hostile_names_are_text_on_every_page() {
    let evil = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";
    let world = World::new().await;
    let rows = [member(2, "ann", evil, json!({"external_title": evil}))];
    world.company("acme", "Acme </title><script>", &rows).await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let status = world.visitor(&card, evil, "olu@northgrid.example").await;
    let form = world.form(&card).await;
    let again =
        world.post_form(&card, &typed(&form, ("email", "no address\"><script>alert(3)</script>"))).await;
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    let body = json!({"kind": "reject", "reason": "other", "text": evil, "tell": true});
    world.decide(&ann, &id, 1, "k", body).await.ok();
    world.pass(MINUTE);
    let mut pages = vec![again.text()];
    let shown = ("company", evil);
    pages.push(world.post_form(&card, &typed("forged", shown)).await.text());
    for path in [&card, &format!("{card}?for=business"), &format!("{card}?for=personal"), &status] {
        pages.push(world.get("", path).await.text());
    }
    assert!(pages.iter().all(|page| page.contains("alert(1)")), "the name is shown");
    for page in &pages {
        let body = page.split_once("</style>").unwrap().1;
        for part in ["<script", "<img", "alert(3)"] {
            assert!(!body.contains(part), "{part} in {page}");
        }
    }
    // Nor does a name make a line of its own in the vCard.
    let file = world.get("", &format!("{card}/vcard")).await.text();
    assert_eq!(file.replace("\r\n ", "").lines().count(), 7, "{file}");
}

#[tokio::test]
async fn sent_again_a_form_leads_to_the_same_status_page() {
    let (world, ann, card) = with_card().await;
    let form = world.form(&card).await;
    let first = world.post_form(&card, &typed(&form, ("", ""))).await;
    assert_eq!(first.status, 303, "{}", first.text());
    for _ in 0..3 {
        let again = world.post_form(&card, &typed(&form, ("", ""))).await;
        assert_eq!((again.status.as_u16(), again.header("location")), (303, first.header("location")));
    }
    assert_eq!(world.queue(&ann).await.len(), 1);
    let request = &world.queue(&ann).await[0];
    assert_eq!(request["revision"], 1);
    assert_eq!(
        request["requester"],
        json!({"kind": "visitor", "name": "陈静", "company": "Bluewave", "title": "CTO", "email": "jing@bluewave.example",
               "phone": "+44 20 7946 0102"})
    );
    assert_eq!((&request["purpose"], &request["message"]), (&json!("maintenance offer"), &json!("We met.")));
}

#[tokio::test]
async fn a_form_sent_with_other_content_comes_back_with_what_was_typed() {
    let (world, ann, card) = with_card().await;
    let form = world.form(&card).await;
    let first = world.post_form(&card, &typed(&form, ("", ""))).await;
    let other = world.post_form(&card, &typed(&form, ("email", "other@bluewave.example"))).await;
    assert_eq!((other.status.as_u16(), other.header("location")), (200, ""));
    let page = other.text();
    assert!(page.contains("This form was sent before with other content."), "{page}");
    for value in ["陈静", "Bluewave", "other@bluewave.example", "maintenance offer", "We met."] {
        assert!(page.contains(value), "{value}");
    }
    assert!(!page.contains(first.header("location")));
    assert_eq!(world.queue(&ann).await.len(), 1);
    assert_eq!(world.queue(&ann).await[0]["requester"]["email"], "jing@bluewave.example");
    // It has a new key, so it can be sent: to a page of its own, when it is another person's.
    let fresh = hidden_field(&page);
    assert_ne!(fresh, form);
    let mut fields = typed(&fresh, ("email", "other@bluewave.example"));
    fields.retain(|(name, _)| *name != "phone");
    let second = world.post_form(&card, &fields).await;
    assert_eq!(second.status, 303);
    assert_ne!(second.header("location"), first.header("location"));
    assert_eq!(world.queue(&ann).await.len(), 2);
}

#[tokio::test]
async fn the_same_address_asks_a_card_once_a_day() {
    let (world, ann, card) = with_card().await;
    let bob = world.session("acme", "bob").await;
    let other_card = world.card(&bob).await;
    let form = world.form(&card).await;
    let first = world.post_form(&card, &typed(&form, ("", ""))).await;
    let ask = async |card: &str, email: &str, phone: &str| {
        let form = world.form(card).await;
        let fields =
            [("name", "Other"), ("email", email), ("phone", phone), ("purpose", "p"), ("form", &form)];
        world.post_form(card, &fields).await
    };
    let mut neutral = Vec::new();
    for (email, phone) in [
        ("jing@bluewave.example", ""),
        ("JING@BlueWave.Example", ""),
        ("new@bluewave.example", "0044 (20) 7946-0102"),
        ("", "+442079460102"),
    ] {
        let page = ask(&card, email, phone).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (200, ""), "{email} {phone}");
        assert!(page.text().contains("<h1>Thank you</h1>"), "{}", page.text());
        assert!(!page.text().contains("/s/") && !page.text().contains("陈静"));
        neutral.push(face(&page));
    }
    // Whoever fills the field that nobody sees learns no more than that.
    let form = world.form(&card).await;
    let mut trapped = typed(&form, ("email", "robot@bluewave.example"));
    trapped.push(("website", "http://spam.example"));
    neutral.push(face(&world.post_form(&card, &trapped).await));
    neutral.dedup();
    assert_eq!(neutral.len(), 1, "one page for all of them");
    assert_eq!(world.queue(&ann).await.len(), 1);

    // Another card is another question; a day later it may be asked again.
    assert_eq!(ask(&other_card, "jing@bluewave.example", "").await.status, 303);
    world.pass(DAY - Duration::from_secs(1));
    assert_eq!(ask(&card, "jing@bluewave.example", "").await.status, 200);
    world.pass(Duration::from_secs(1));
    let next_day = ask(&card, "jing@bluewave.example", "").await;
    assert_eq!(next_day.status, 303);
    assert_ne!(next_day.header("location"), first.header("location"));
    assert_eq!(world.queue(&ann).await.len(), 2);
}

#[tokio::test]
async fn a_key_that_is_not_ours_or_not_of_this_card_is_given_out_anew() {
    let (world, ann, card) = with_card().await;
    let bob = world.session("acme", "bob").await;
    let other = world.form(&world.card(&bob).await).await;
    let good = world.form(&card).await;
    let mut forged = good.clone();
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    let mut later = good.clone();
    later.replace_range(0..4, "AAZN");
    for key in ["", "x", &forged, &later, &other, &good[..good.len() - 4]] {
        let page = world.post_form(&card, &typed(key, ("", ""))).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (200, ""), "{key}");
        for value in ["陈静", "Bluewave", "jing@bluewave.example", "maintenance offer", "We met."] {
            assert!(page.text().contains(value), "{value}");
        }
        assert_ne!(hidden_field(&page.text()), key);
    }
    assert!(world.queue(&ann).await.is_empty());
    assert_eq!(world.post_form(&card, &typed(&good, ("", ""))).await.status, 303);
}

#[tokio::test]
async fn a_form_rests_three_seconds_and_ends_after_half_an_hour() {
    let world = patient().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let form = world.form(&card).await;
    world.pass(Duration::from_millis(2_999));
    let early = world.post_form(&card, &typed(&form, ("", ""))).await;
    assert_eq!(early.status, 200);
    assert!(early.text().contains("That was quick.") && early.text().contains("maintenance offer"));
    assert_eq!(hidden_field(&early.text()), form, "the same form goes on");
    assert!(world.queue(&ann).await.is_empty());

    world.pass(30 * MINUTE);
    let late = world.post_form(&card, &typed(&form, ("", ""))).await;
    assert_eq!(late.status, 200);
    assert!(late.text().contains("The form had been open for too long.") && late.text().contains("We met."));
    assert!(world.queue(&ann).await.is_empty());

    let fresh = hidden_field(&late.text());
    world.pass(30 * MINUTE);
    let sent = world.post_form(&card, &typed(&fresh, ("", ""))).await;
    assert_eq!(sent.status, 303);
    // Sent once, it leads to its page for good: the answer may have been lost.
    world.pass(10 * MINUTE);
    let again = world.post_form(&card, &typed(&fresh, ("", ""))).await;
    assert_eq!((again.status.as_u16(), again.header("location")), (303, sent.header("location")));
    assert_eq!(world.queue(&ann).await.len(), 1);
}

#[tokio::test]
async fn each_field_that_is_wrong_is_named_and_not_shown_again() {
    let (world, ann, card) = with_card().await;
    let form = world.form(&card).await;
    for (field, value, why) in [
        ("name", "zz\u{202e}", "This cannot be read."),
        ("name", "----", "This cannot be read."),
        ("company", "zz\0", "This cannot be read."),
        ("title", "z\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", "This cannot be read."),
        ("purpose", "z\u{200b}\u{200b}", "This cannot be read."),
        ("email", "zz at nowhere", "This is not an e-mail address."),
        ("phone", "call zz", "Only digits, blanks and"),
        ("message", "zz\n2\n3\n4\n5\n6\n7", "This is too long."),
    ] {
        let page = world.post_form(&card, &typed(&form, (field, value))).await;
        assert_eq!(page.status, 400, "{field}");
        let page = page.text();
        assert_eq!(page.matches("<p class=\"bad\" id=").count(), 1, "{field}: {page}");
        assert!(page.contains(&format!("<p class=\"bad\" id=\"{field}-error\">{why}")), "{field}: {page}");
        assert!(!page.contains("zz"), "what was wrong is shown again: {page}");
        let kept = if field == "email" { "Bluewave" } else { "jing@bluewave.example" };
        assert!(page.contains(kept) && page.contains("Please look at the marked fields."), "{page}");
        assert_eq!(hidden_field(&page), form, "the same form goes on");
    }
    // All of them at once.
    let fields = [("name", "\0"), ("email", "x"), ("phone", "x"), ("form", &form)];
    let page = world.post_form(&card, &fields).await.text();
    for field in ["name", "email", "phone", "purpose"] {
        assert!(page.contains(&format!("id=\"{field}-error\"")), "{field}");
    }
    assert!(world.queue(&ann).await.is_empty());
}

#[tokio::test]
async fn a_name_a_purpose_and_one_way_to_answer_are_needed() {
    let (world, ann, card) = with_card().await;
    let form = world.form(&card).await;
    for (fields, missing) in [
        (vec![("email", "a@b.example"), ("purpose", "p")], "name"),
        (vec![("name", " \u{3000} "), ("email", "a@b.example"), ("purpose", "p")], "name"),
        (vec![("name", "Olu"), ("email", "a@b.example")], "purpose"),
        (vec![("name", "Olu"), ("purpose", "p")], "email"),
    ] {
        let mut fields = fields;
        fields.push(("form", &form));
        let page = world.post_form(&card, &fields).await;
        assert_eq!(page.status, 400);
        assert!(page.text().contains(&format!("id=\"{missing}-error\"")), "{}", page.text());
    }
    assert!(world.queue(&ann).await.is_empty());
    // Either of the two ways will do.
    for way in [("email", "a@b.example"), ("phone", "+44 1")] {
        let form = world.form(&card).await;
        let fields = [("name", "Olu"), way, ("purpose", "p"), ("form", &form)];
        assert_eq!(world.post_form(&card, &fields).await.status, 303, "{way:?}");
    }
    let queue = world.queue(&ann).await;
    assert_eq!(
        queue[1]["requester"],
        json!({"kind": "visitor", "name": "Olu", "company": null, "phone": "+44 1"})
    );
}

#[tokio::test]
async fn fields_hold_what_they_may_and_no_more() {
    let (world, ann, card) = with_card().await;
    // One grapheme of several bytes counts once.
    let long = |of: &str, n: usize| of.repeat(n);
    let mail = |n: usize| format!("{}@b.example", "a".repeat(n - "@b.example".len()));
    for (field, fits, over) in [
        ("name", long("张", 64), long("张", 65)),
        ("name", long("e", 64), long("é", 65)),
        ("company", long("公", 80), long("公", 81)),
        ("title", long("é", 60), long("x", 61)),
        ("purpose", long("用", 200), long("x", 201)),
        ("message", long("m", 300), long("m", 301)),
        ("message", "1\r\n2\r3\n4\n5\n6".to_owned(), "1\r\n2\r3\n4\n5\n6\n7".to_owned()),
        ("phone", "+1234567890123456789".to_owned(), "+12345678901234567890".to_owned()),
        ("email", mail(254), mail(255)),
    ] {
        let form = world.form(&card).await;
        let page = world.post_form(&card, &typed(&form, (field, &over))).await;
        assert_eq!(page.status, 400, "{field}");
        assert!(
            page.text().contains(&format!("id=\"{field}-error\">This is too long.")),
            "{field}: {}",
            page.text()
        );
        assert!(world.queue(&ann).await.is_empty());
        let sent = world.post_form(&card, &typed(&form, (field, &fits))).await;
        assert_eq!(sent.status, 303, "{field}: {}", sent.text());
        let request = world.queue(&ann).await[0].clone();
        let held =
            [&request, &request["requester"]].into_iter().find_map(|object| object.get(field)).unwrap();
        assert_eq!(held, &json!(fits.replace("\r\n", "\n").replace('\r', "\n")), "{field}");
        world.post_form(&format!("{}/withdraw", sent.header("location")), &[]).await;
        world.pass(DAY);
    }
    let huge = world.post_form(&card, &[("message", &"x".repeat(16 * 1024))]).await;
    assert_eq!(huge.status, 413);
    assert!(huge.text().contains("<html"), "a page, not a problem: {}", huge.text());
}

#[tokio::test]
async fn what_is_not_a_form_is_not_taken() {
    let (world, ann, card) = with_card().await;
    let request = Request::post(&card)
        .header("content-type", "application/json")
        .body(Body::from(json!({"name": "Olu"}).to_string()))
        .unwrap();
    let reply = world.send(request).await;
    assert_eq!(reply.status, 415, "{}", reply.text());
    assert!(world.queue(&ann).await.is_empty());
}

#[tokio::test]
async fn an_address_of_the_company_is_sent_to_the_directory() {
    let (world, ann, card) = with_card().await;
    for email in ["bob@acme.example", "bob@MAIL.Acme.Example"] {
        let form = world.form(&card).await;
        let page = world.post_form(&card, &typed(&form, ("email", email))).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (200, ""));
        assert!(page.text().contains("<h1>You are colleagues</h1>"), "{}", page.text());
        assert!(page.text().contains("Nothing was sent and nothing was kept."));
    }
    assert!(world.queue(&ann).await.is_empty());
    let form = world.form(&card).await;
    assert_eq!(world.post_form(&card, &typed(&form, ("email", "bob@notacme.example"))).await.status, 303);
}

#[tokio::test]
async fn the_status_page_is_found_by_its_token_alone_and_only_the_hash_is_kept() {
    let (world, ann, card) = with_card().await;
    let status = world.visitor(&card, "Olu Token-Test", "olu@northgrid.example").await;
    let token = status.strip_prefix("/s/").unwrap();
    let page = world.get("", &status).await;
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(page.contains("Your request to 安娜 Anna") && page.contains("<h1>Waiting for an answer</h1>"));
    assert!(page.contains(&format!("http://127.0.0.1:45678{status}")), "the link to keep: {page}");
    assert!(page.contains(&format!("action=\"{status}/withdraw\"")));
    // Whoever only knows the card, the request's id or the form is not led there.
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    for other in [card.strip_prefix("/C/").unwrap(), &id[2..], NOWHERE] {
        assert_eq!(world.get("", &format!("/s/{other}")).await.status, 404);
    }
    let card_token = card.strip_prefix("/C/").unwrap();
    let mut kept = Vec::new();
    for file in std::fs::read_dir(world.dir.path()).unwrap() {
        kept.extend(std::fs::read(file.unwrap().path()).unwrap().to_ascii_uppercase());
    }
    let holds = |text: &str| {
        let text = text.to_ascii_uppercase();
        kept.windows(text.len()).any(|part| part == text.as_bytes())
    };
    assert!(holds("Olu Token-Test"), "the row is in these files");
    assert!(!holds(token) && !holds(card_token) && !holds(&ann), "a token is in the database");
}

#[tokio::test]
async fn the_status_page_follows_the_request() {
    let (world, ann, card) = with_card().await;
    let heading = async |path: &str| {
        let page = get_in(&world, path, "en").await.text();
        let chinese = get_in(&world, path, "zh-CN").await.text();
        let title = |page: &str| page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap().to_owned();
        assert!(!title(&chinese).is_ascii(), "{chinese}");
        (title(&page), page.contains("/withdraw\""))
    };
    let status = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    assert_eq!(heading(&status).await, ("Waiting for an answer".to_owned(), true));
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &id, 1, "k", json!({"kind": "approve"})).await.ok();
    assert_eq!(heading(&status).await, ("Waiting for an answer".to_owned(), true));
    world.pass(10 * Duration::from_secs(1));
    assert_eq!(heading(&status).await, ("Approved".to_owned(), false));
    // Too late: the answer stands.
    assert_eq!(world.post_form(&format!("{status}/withdraw"), &[]).await.status, 303);
    assert_eq!(heading(&status).await.0, "Approved");
    assert_eq!(world.get(&ann, "/v1/contacts").await.ok()["items"].as_array().unwrap().len(), 1);

    let withdrawn = world.visitor(&card, "Mia", "mia@northgrid.example").await;
    // A link is not enough to withdraw: a preview of it must not.
    assert_eq!(world.get("", &format!("{withdrawn}/withdraw")).await.status, 405);
    assert_eq!(heading(&withdrawn).await.0, "Waiting for an answer");
    let reply = world.post_form(&format!("{withdrawn}/withdraw"), &[]).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, &*withdrawn));
    assert_eq!(heading(&withdrawn).await, ("Withdrawn".to_owned(), false));
    assert!(world.queue(&ann).await.is_empty());

    let expired = world.visitor(&card, "Kim", "kim@northgrid.example").await;
    world.pass(30 * DAY);
    assert_eq!(heading(&expired).await, ("Expired".to_owned(), false));
}

#[tokio::test]
async fn whatever_is_not_there_looks_the_same() {
    let (world, _, card) = with_card().await;
    let unknown = face(&world.get("", &format!("/C/{NOWHERE}")).await);
    assert_eq!(unknown.0, 404);
    let other_end = if card.ends_with('X') { 'Y' } else { 'X' };
    for path in [
        "/C/x",
        "/c/none",
        "/C/%FF%00",
        &format!("/C/{NOWHERE}?for=business"),
        &format!("/C/{NOWHERE}?for=personal"),
        &format!("/C/{NOWHERE}/vcard"),
        &format!("{}{other_end}", &card[..card.len() - 1]),
        &format!("/s/{NOWHERE}"),
        "/S/x",
        "/C/a/b/c",
        "/",
        "/favicon.ico",
    ] {
        assert_eq!(face(&world.get("", path).await), unknown, "{path}");
    }
    let form = world.form(&card).await;
    let sent = world.post_form(&format!("/C/{NOWHERE}"), &typed(&form, ("", ""))).await;
    assert_eq!(face(&sent), unknown);
    assert_eq!(face(&world.post_form(&format!("/s/{NOWHERE}/withdraw"), &[]).await), unknown);
}

#[tokio::test]
async fn the_vcard_holds_exactly_what_the_page_shows() {
    let (world, _, card) = with_card().await;
    let file = world.get("", &format!("{card}/vcard")).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-type"), "text/vcard; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"namecard.vcf\"");
    assert_eq!(
        file.text(),
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:安娜 Anna;;;;\r\nFN:安娜 Anna\r\nORG:Acme\r\nTITLE:Head of R&D\r\nEND:VCARD\r\n"
    );
}

#[tokio::test]
async fn a_visitor_is_never_recognised_by_what_was_typed() {
    let (world, ann, card) = with_card().await;
    let first = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &id, 1, "k", json!({"kind": "approve"})).await.ok();
    world.pass(DAY + MINUTE);
    let second = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    assert_ne!(first, second);
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &id, 1, "l", json!({"kind": "approve"})).await.ok();
    world.pass(MINUTE);
    let contacts = world.get(&ann, "/v1/contacts").await.ok()["items"].clone();
    let contacts: Vec<&Value> = contacts.as_array().unwrap().iter().collect();
    assert_eq!(contacts.len(), 2, "two people until somebody says otherwise");
    assert_ne!(contacts[0]["id"], contacts[1]["id"]);
}

#[tokio::test]
async fn pages_know_no_other_methods() {
    let (world, _, card) = with_card().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        assert_eq!(world.call("", method, &card, None).await.status, 405);
    }
}
