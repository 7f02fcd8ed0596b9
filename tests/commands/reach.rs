//! Reaching somebody from the command line: why, add, scan, withdraw, away; two companies on one server.

use std::io::{Read as _, Write as _};

use crate::program::User;
use crate::program::server::Server;
use crate::program::shape::assert_shape;
use serde_json::{Value, json};

const NORTH: &str = "id,name,external_title,email\nnia,Nia Nkosi,Buyer,nia@northgrid.example\n\
                     olu,Olu Adeyemi,Sales,olu@northgrid.example\n";

/// Acme with ann and bob, Northgrid with nia and olu; one of each is signed in.
fn two() -> (Server, User, User) {
    let server = Server::acme();
    server.admin.file("north.csv", NORTH);
    server.operate(&["admin", "company", "create", "northgrid", "--name", "Northgrid 北网"]).ok();
    server.operate(&["import", "north.csv", "--company", "northgrid"]).ok();
    let token = server.operate(&["admin", "token", "nia", "--company", "northgrid"]).ok();
    let nia = server.signed_in(token.trim());
    let ann = server.signed_in(server.token("ann").trim());
    (server, ann, nia)
}

/// A command and its JSON, whatever its exit code.
fn json_of(user: &User, args: &[&str]) -> (i32, Value) {
    let done = user.run(&[args, &["--format", "json"]].concat());
    let value = serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:?}"));
    (done.code, value)
}

/// The code of somebody's card, as a picture in somebody else's directory.
fn picture(of: &User, to: &User, name: &str) -> Vec<u8> {
    of.run(&["qr", "--as", "png", "--out", name]).ok();
    let file = std::fs::read(of.dir.path().join(name)).unwrap();
    to.file(name, &file);
    file
}

fn link(user: &User) -> String {
    user.json(&["card"])["link"].as_str().unwrap().to_owned()
}

#[test]
fn a_request_goes_out_by_a_picture_and_is_taken_back() {
    let (_server, ann, nia) = two();
    picture(&nia, &ann, "nia.png");
    // What the code says comes first, then who it is and what the policy says.
    let said = ann.run(&["why", "nia.png"]).ok();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("A namecard of this server: HTTP://127.0.0.1:"), "{said}");
    assert_eq!(lines[1], "Nia Nkosi · Buyer · Northgrid 北网");
    assert_eq!(lines[2], "Allowed: there is a live namecard or an introduction.");
    assert!(said.contains("0 of 20 requests sent today."), "{said}");
    assert!(said.contains("namecard add nia.png --purpose"), "{said}");
    assert_eq!(ann.run(&["scan", "nia.png"]).ok(), said, "scan says the same");
    assert_eq!(ann.json(&["requests", "--box", "outgoing"]), json!([]), "nothing was written");

    // Without a purpose the policy refuses, and says the command that gives one.
    let refused = ann.run(&["add", "nia.png"]);
    assert_eq!((refused.code, refused.err.as_str()), (4, ""), "{}", refused.out);
    assert!(refused.out.contains("1  say what for: namecard add nia.png --purpose"), "{}", refused.out);
    let (code, sent) = json_of(&ann, &["add", "nia.png", "--purpose", "the fair", "--message", "hall 3"]);
    assert_eq!((code, &sent["meant"], &sent["request"]["state"]), (0, &json!("outside"), &json!("pending")));
    assert_shape("requests", std::slice::from_ref(&sent["request"]));
    let mut without = sent.clone();
    without["request"] = Value::Null;
    assert_shape("why", &[without]);
    let id = sent["request"]["id"].as_str().unwrap();
    let waits = nia.json(&["requests"]);
    assert_eq!(
        (&waits[0]["requester"]["name"], &waits[0]["purpose"], &waits[0]["message"]),
        (&json!("Ann Lee"), &json!("the fair"), &json!("hall 3"))
    );

    // Asked again, it is the same one that is shown.
    let again = ann.run(&["scan", "nia.png", "--add", "--purpose", "again"]).ok();
    assert!(again.contains("is open already") && again.contains(id), "{again}");
    assert_eq!(ann.json(&["requests", "--box", "outgoing"]).as_array().unwrap().len(), 1);
    let (code, pending) = json_of(&ann, &["why", "nia.png"]);
    assert_eq!((code, &pending["verdict"]["code"]), (0, &json!("request_pending")));
    assert_shape("why", std::slice::from_ref(&pending));
    let command = pending["verdict"]["alternatives"][1]["command"].as_str().unwrap();
    assert_eq!(command, format!("namecard withdraw {id}"));
    // The commands of an answer can be typed.
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    assert_eq!(ann.run(&words).ok(), format!("Request taken back: {id}\n"));
    assert_eq!(nia.json(&["requests"]), json!([]));
    ann.run(&words).failed(5);
    // Only whoever asked takes it back.
    ann.run(&["add", "nia.png", "--purpose", "once more"]).ok();
    let theirs = nia.json(&["requests"])[0]["id"].as_str().unwrap().to_owned();
    nia.run(&["withdraw", &theirs]).failed(4);
}

#[test]
fn whom_one_knows_is_opened_and_asked_nothing() {
    let (server, ann, nia) = two();
    // A colleague by name, address, id and by the code of their card: what `show` prints.
    let bob = server.signed_in(server.token("bob").trim());
    picture(&bob, &ann, "bob.png");
    let shown = ann.run(&["show", "bob"]).ok();
    for target in ["bob", "王芳", "bob@acme.example", "bob.png"] {
        let added = ann.run(&["add", target, "--purpose", "x"]).ok();
        assert!(added.contains("This is a colleague") && added.ends_with(&shown), "{target}: {added}");
    }
    let (code, why) = json_of(&ann, &["why", "bob.png"]);
    assert_eq!((code, &why["id"], &why["verdict"]["code"]), (0, &json!("bob"), &json!("colleague")));
    assert_eq!(why["verdict"]["alternatives"][0]["command"], "namecard show bob");
    assert_eq!(why["said"][0]["kind"], "card");
    assert_eq!(bob.json(&["requests", "--box", "incoming"]), json!([]), "no request was written");

    // Once connected, the contact.
    ann.run(&["add", &link(&nia), "--purpose", "the fair"]).ok();
    let id = nia.json(&["requests"])[0]["id"].as_str().unwrap().to_owned();
    nia.run(&["approve", &id]).ok();
    let contact = crate::pty::wait("the undo window's end", || {
        let contacts = ann.json(&["contacts"]);
        contacts[0]["id"].as_str().map(str::to_owned).ok_or_else(|| contacts.to_string())
    });
    for target in [link(&nia).as_str(), "nia nkosi", contact.as_str()] {
        let added = ann.run(&["add", target]).ok();
        assert!(added.contains("You have this contact already.") && added.contains(&contact), "{added}");
    }
}

#[test]
fn a_refusal_has_a_code_the_rule_and_commands() {
    let (server, ann, nia) = two();
    // Nobody gave a way: an address, a number, a name.
    for target in ["kern@x.example", "+49 30 1234567", "Dana Kern", "nia@northgrid.example"] {
        let refused = ann.run(&["add", target, "--purpose", "x"]);
        assert_eq!((refused.code, refused.err.as_str()), (4, ""), "{target}: {}", refused.out);
        assert!(refused.out.contains("Rule EXT-03:") && refused.out.contains(": namecard qr"));
        let (code, why) = json_of(&ann, &["why", target]);
        assert_eq!((code, &why["verdict"]["code"]), (4, &json!("company_not_linked")), "{target}");
        assert_shape("why", &[why]);
    }
    // Without the permission: asked for from here.
    policy(
        &server,
        "acme",
        "[[rule]]\nid = \"EXT-A\"\ntitle = \"sales only\"\nowner = \"Security\"\nreason = \"r\"\nexternal = false\n",
    );
    let (code, why) = json_of(&ann, &["add", &link(&nia), "--purpose", "x"]);
    assert_eq!((code, &why["request"]), (4, &Value::Null));
    assert_eq!(
        (&why["verdict"]["rule"], &why["verdict"]["set_by"], &why["verdict"]["title"]),
        (&json!("EXT-A"), &json!("Security"), &json!("sales only"))
    );
    let bob = server.signed_in(server.token("bob").trim());
    let told = bob.run(&["why", &link(&nia)]);
    assert_eq!(told.code, 4);
    assert!(told.out.contains("namecard add --permission --purpose"), "{}", told.out);
    bob.run(&["add", "--permission"]).failed(2);
    assert!(bob.run(&["add", "--permission", "--purpose", "the fair"]).ok().contains("r_"));
    let waits = ann.json(&["requests"]);
    assert_eq!((&waits[0]["kind"], &waits[0]["purpose"]), (&json!("permission"), &json!("the fair")));
    // In Chinese the same.
    let chinese = bob.run(&["--lang", "zh-CN", "why", &link(&nia)]);
    assert!(chinese.code == 4 && chinese.out.contains("EXT-A") && chinese.out.contains("您可以"));
}

#[test]
fn several_who_may_be_meant_are_named_and_nobody_is_chosen() {
    let server = Server::acme();
    server.admin.file(
        "more.csv",
        "id,name,email\nann,Ann Lee,ann@acme.example\nbob,王芳,bob@acme.example\nwf2,王芳,\nwf3,王方,\n",
    );
    server.operate(&["import", "more.csv", "--company", "acme"]).ok();
    let ann = server.signed_in(server.token("ann").trim());
    let several = ann.run(&["add", "wang fang", "--purpose", "x"]).failed(2);
    for id in ["bob", "wf2", "wf3"] {
        assert!(several.contains(&format!("namecard why {id} ")), "{several}");
    }
    let (code, why) = json_of(&ann, &["why", "王芳"]);
    assert_eq!((code, &why["meant"], &why["verdict"]), (2, &json!("several"), &Value::Null));
    assert_shape("why", std::slice::from_ref(&why));
    assert_eq!(why["candidates"][0]["where"], "directory");
    // One alone of whom it is not the whole name is asked about, not taken.
    assert!(ann.run(&["why", "ann l"]).failed(2).contains("namecard why ann "));
    assert!(ann.run(&["why", "Ann Lee"]).ok().contains("This is a colleague"));
}

#[test]
fn a_scan_opens_nothing_foreign_and_names_what_it_tried() {
    let (_server, ann, nia) = two();
    let card = link(&nia);
    // A vCard with a live card link is a way, one without is a name and an address.
    let with = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Nia\u{202e}\r\nEMAIL:nia@n.example\r\nURL:{card}\r\nEND:VCARD\r\n"
    );
    ann.file("with.vcf", &with);
    ann.file("without.vcf", with.replace(&card, "https://n.example/nia"));
    let (code, way) = json_of(&ann, &["why", "with.vcf"]);
    assert_eq!((code, &way["verdict"]["code"]), (0, &json!("allowed_namecard")));
    let (code, none) = json_of(&ann, &["why", "without.vcf"]);
    assert_eq!((code, &none["verdict"]["code"]), (4, &json!("company_not_linked")));
    assert_eq!((&none["to"], &none["said"][0]["kind"]), (&json!("nia@n.example"), &json!("person")));
    assert_shape("why", &[way, none]);
    let shown = ann.run(&["scan", "without.vcf"]);
    assert!(shown.code == 4 && shown.out.contains("no way to anybody") && !shown.out.contains('\u{202e}'));

    // The code of somewhere else is shown as text.
    let foreign = encoded("https://x1.example/\u{1b}[2J", image::ImageFormat::Png);
    ann.file("foreign.png", &foreign);
    let said = ann.run(&["scan", "foreign.png"]).ok();
    assert!(said.starts_with("This leads to x1.example: "), "{said}");
    assert!(said.contains("Nothing was opened.") && !said.contains('\u{1b}'), "{said:?}");
    assert!(ann.run(&["add", "foreign.png", "--purpose", "x"]).failed(3).contains("x1.example"));
    assert_eq!(ann.run(&["why", &card.replace("127.0.0.1", "127.0.0.2")]).code, 3);
    let (code, elsewhere) = json_of(&ann, &["scan", "foreign.png"]);
    assert_eq!(
        (code, &elsewhere["meant"], &elsewhere["said"][0]["host"]),
        (0, &json!("elsewhere"), &json!("x1.example"))
    );
    assert_shape("why", &[elsewhere]);

    // Every kind, and by standard input.
    for (kind, name) in [
        (image::ImageFormat::Jpeg, "a.jpg"),
        (image::ImageFormat::WebP, "a.webp"),
        (image::ImageFormat::Gif, "a.gif"),
    ] {
        let file = encoded(&card, kind);
        ann.file(name, &file);
        assert!(ann.run(&["scan", name]).ok().contains("Nia Nkosi"), "{name}");
        assert!(ann.run_with(&["scan", "-"], &file).ok().contains("Nia Nkosi"), "{name} by a pipe");
    }
    // Inverted: read, and said how.
    let mut inverted = image::load_from_memory(&encoded(&card, image::ImageFormat::Png)).unwrap();
    inverted.invert();
    ann.file("inverted.png", bytes(&inverted, image::ImageFormat::Png));
    assert!(ann.run(&["scan", "inverted.png"]).ok().contains("light and dark were exchanged"));
    assert_eq!(json_of(&ann, &["scan", "inverted.png"]).1["pass"], "inverted");

    // What gives nothing says why, with an exit code.
    let white = image::DynamicImage::from(image::GrayImage::from_pixel(90, 90, image::Luma([255])));
    ann.file("white.png", bytes(&white, image::ImageFormat::Png));
    let bomb = image::DynamicImage::from(image::GrayImage::new(8_000, 8_000));
    ann.file("bomb.png", bytes(&bomb, image::ImageFormat::Png));
    ann.file("half.png", &foreign[..foreign.len() / 2]);
    ann.file("text.png", "hello");
    ann.file("bad.vcf", "BEGIN:VCARD\nFN:A\n".repeat(300));
    std::os::unix::fs::symlink("/dev/zero", ann.dir.path().join("zero.png")).unwrap();
    for (name, says) in [
        ("white.png", "Tried: as is, inverted, thin gaps closed, smoothed."),
        ("bomb.png", "more pixels"),
        ("half.png", "damaged"),
        ("text.png", "neither a picture"),
        ("bad.vcf", "vCard that cannot be read"),
        ("zero.png", "not a plain file"),
        ("none.png", "cannot be read"),
        (".", "not a plain file"),
    ] {
        let said = ann.run(&["scan", name]).failed(1);
        assert!(said.contains(says), "{name}: {said}");
        assert_eq!(ann.run(&["scan", name, "--format", "json"]).code, 1, "{name}");
    }
}

#[test]
fn away_is_said_until_when_and_who_stands_in() {
    let (server, ann, nia) = two();
    let own = ann.json(&["away"]);
    assert_eq!((&own["accepts"], &own["away_until"]), (&json!(true), &Value::Null));
    let away = ann.json(&["away", "until", "2999-12-01", "--stand-in", "bob"]);
    assert_eq!(
        (&away["away_until"], &away["stand_in"]["id"]),
        (&json!("2999-12-01T23:59:59.000000Z"), &json!("bob"))
    );
    assert_shape("away", &[own, away]);
    let table = ann.run(&["away"]).ok();
    assert!(table.contains("until") && table.contains("王芳"), "{table}");
    // What is asked of ann waits for bob as well.
    let bob = server.signed_in(server.token("bob").trim());
    nia.run(&["add", &link(&ann), "--purpose", "the fair"]).ok();
    assert_eq!(bob.json(&["requests"])[0]["purpose"], "the fair");
    assert_eq!(ann.json(&["away", "off"])["away_until"], Value::Null);
    assert!(ann.run(&["away", "until", "soon"]).failed(2).contains("soon"));
    ann.run(&["away", "until", "1999-01-01"]).failed(1);
    ann.run(&["away", "until", "2999-12-01", "--stand-in", "nobody"]).failed(3);
    assert_eq!(ann.json(&["away"])["away_until"], Value::Null);
}

fn bytes(picture: &image::DynamicImage, kind: image::ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, kind).unwrap();
    file.into_inner()
}

fn encoded(content: &str, kind: image::ImageFormat) -> Vec<u8> {
    let code = namecard::qr::Code::new(content, namecard::qr::Level::M).unwrap();
    let picture = image::load_from_memory(&namecard::qr::png(&code).unwrap()).unwrap();
    bytes(&image::DynamicImage::from(picture.to_rgb8()), kind)
}

/// The operator puts something on the server.
fn put(server: &Server, path: &str, more: &str, body: &Value) {
    let token = std::fs::read_to_string(server.admin.dir.path().join("co.db.operator-token")).unwrap();
    let body = body.to_string();
    let request = format!(
        "PUT {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\n{more}Content-Length: {}\r\n\r\n{body}",
        server.at(),
        token.trim(),
        body.len()
    );
    let mut stream = std::net::TcpStream::connect(server.at()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// The operator applies a policy.
fn policy(server: &Server, company: &str, document: &str) {
    let body = json!({"company": company, "document": document});
    put(server, "/v1/policy", "Idempotency-Key: k1\r\nIf-Match: \"1\"\r\n", &body);
}

#[test]
fn what_only_another_system_can_decide_is_listed_and_refused_with_the_way_there() {
    let server = Server::acme();
    let ann = server.signed_in(server.token("ann").trim());
    let said = |state: &str| {
        let body = json!({
            "company": "acme", "member": "ann", "state": state, "requester": {"name": "周婷", "company": "碧波数据"},
            "link": "https://work.example/app?id=7",
        });
        put(&server, "/v1/elsewhere/WeCom/apply-7", "", &body);
    };
    said("pending");
    let listed = ann.json(&["requests"]);
    assert_shape("requests", listed.as_array().unwrap());
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(listed[0]["elsewhere"]["system"], "WeCom");
    let table = ann.run(&["requests"]).ok();
    assert!(table.contains("pending · WeCom") && !table.contains("36500"), "{table}");
    assert!(ann.run(&["show", id]).ok().contains("https://work.example/app?id=7"));
    for args in [&["approve", id][..], &["reject", id, "--reason", "not_known"]] {
        let told = ann.run(args).failed(4);
        for part in ["decided in another system", "APR-02", "open WeCom: https://work.example/app?id=7"] {
            assert!(told.contains(part), "{told}");
        }
    }
    said("approved");
    assert_eq!(ann.json(&["requests"]), json!([]));
    let past = ann.json(&["requests", "--box", "incoming"]);
    assert_shape("requests", past.as_array().unwrap());
    assert_eq!((&past[0]["state"], past[0]["elsewhere"]["ended"].is_string()), (&json!("approved"), true));
}
