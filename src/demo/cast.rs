//! Who comes from outside, and what they write. Some of it is written to do harm to a terminal, a page
//! or a reader: it has to come out harmless everywhere.

use std::collections::HashSet;

use super::dice::Dice;
use super::maker;
use crate::search::fold;

/// What a visitor types into the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Visitor {
    pub(super) name: String,
    pub(super) company: String,
    pub(super) title: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) purpose: String,
    pub(super) message: String,
}

/// Companies that visitors come from, and their domains: ours is linked with the first two.
pub(super) const COMPANIES: &[(&str, &str)] = &[
    ("碧波数据 Bluewave", "bluewave.example"),
    ("Northgrid Ltd", "northgrid.example"),
    ("Arcadie SA", "arcadie.example"),
    ("青松物流", "qingsong.example"),
    ("Harbour & Finch", "harbourfinch.example"),
    ("远山设计事务所", "yuanshan.example"),
    ("Kestrel Robotics", "kestrel.example"),
    ("晨光印刷", "chenguang.example"),
    ("Studio Lumen", "lumen.example"),
    ("南江大学", "nanjiang.example"),
];

const ROLES: &[&str] = &[
    "采购经理",
    "项目经理",
    "技术总监",
    "合伙人",
    "Buyer",
    "Head of operations",
    "CTO",
    "Analyst",
    "研究员",
    "",
];

const PURPOSES: &[&str] = &[
    "展会上聊过的续约事宜",
    "运行时性能评估合作",
    "想了解企业版报价",
    "renewal of the support contract",
    "we met at the fair, booth 4",
    "integration of our sensors with your platform",
    "引荐：贵司同事建议我联系您",
    "joint paper on schedulers",
    "项目验收时间安排",
    "quote for 200 seats",
];

const MESSAGES: &[&str] = &[
    "",
    "",
    "您好，上周在展位上和您聊过，方便的话下周通个电话。",
    "It was good to talk on Tuesday. I will send the numbers next week.",
    "附件另发邮件。\n谢谢！",
    "Could we find half an hour on Thursday or Friday?\nBest regards",
];

/// Somebody from outside. The number tells them from everybody else.
pub(super) fn visitor(dice: &mut Dice, n: u64) -> Visitor {
    of(dice, n, COMPANIES)
}

/// Somebody of one of these companies who has no colleague's name.
pub(super) fn stranger(
    dice: &mut Dice,
    n: u64,
    companies: &[(&str, &str)],
    colleagues: &HashSet<String>,
) -> Visitor {
    loop {
        let visitor = of(dice, n, companies);
        if !colleagues.contains(&fold(&visitor.name)) {
            return visitor;
        }
    }
}

fn of(dice: &mut Dice, n: u64, companies: &[(&str, &str)]) -> Visitor {
    let (name, latin, _) = maker::name(dice);
    let at = usize::try_from(dice.below(companies.len() as u64)).unwrap_or(0);
    let (company, domain) = companies.get(at).copied().unwrap_or_default();
    let by_phone = dice.chance(15);
    Visitor {
        name,
        company: company.to_owned(),
        title: dice.word(ROLES).to_owned(),
        // The number keeps addresses apart: the same one on the same card would be the same request.
        email: if by_phone { String::new() } else { format!("{latin}{n}@{domain}") },
        phone: if by_phone || dice.chance(40) {
            format!("+86 159 {:04} {:04}", n, dice.below(10_000))
        } else {
            String::new()
        },
        purpose: dice.word(PURPOSES).to_owned(),
        message: dice.word(MESSAGES).to_owned(),
    }
}

fn who(name: &str, company: &str, email: &str, purpose: &str, message: &str) -> Visitor {
    Visitor {
        name: name.to_owned(),
        company: company.to_owned(),
        email: email.to_owned(),
        purpose: purpose.to_owned(),
        message: message.to_owned(),
        ..Visitor::default()
    }
}

/// Looks like somebody of a linked company.
pub(super) fn look_alike() -> Visitor {
    who("K. Meyer", "B1uewave", "k.meyer@b1uewave.example", "urgent renewal", "Please approve today.")
}

/// Has a name that reads backwards in part, and a message for the clipboard.
pub(super) fn hidden_marks() -> Visitor {
    let message = "My address is \u{1b}]52;c;Y2FuYXJ5\u{7} below.";
    who("Olu \u{202e}iymeedA", "Northgrid", "olu@northgrid-mail.example", "partnership", message)
}

/// Asks one after another.
pub(super) fn insistent() -> Visitor {
    who("Rex Harding", "Harding Sales", "rex@harding-sales.example", "a quick call", "One call is enough.")
}

/// Visitors that the plain world is never without.
pub(super) fn special() -> Vec<Visitor> {
    vec![
        // Looks like somebody else.
        look_alike(),
        who("张伟", "", "zhangwei1988@qq.com", "老同学聚会名单", ""),
        who(
            "Аnа Souza",
            "Bluewave",
            "ana@bluewave-data.example",
            "contract",
            "The first letter of my name is Cyrillic.",
        ),
        // Hidden marks.
        hidden_marks(),
        who(
            "Ma\u{200b}ria \u{2067}Fontaine",
            "Arcadie SA",
            "maria@arcadie-sa.example",
            "fair\u{200d} follow-up",
            "",
        ),
        // Meant for the terminal.
        who(
            "Mallory\u{1b}]0;owned\u{7}",
            "\u{1b}[31mRed\u{1b}[0m Team",
            "mallory@redteam.example",
            "\u{1b}]52;c;cm0gLXJmIC8=\u{7}clipboard",
            "\u{1b}[2J\u{1b}[H approved by 李娜\r\nroot@host:~# ",
        ),
        who(
            "\u{9b}31mTrent",
            "C1 Ltd",
            "trent@c1.example",
            "controls \u{85}of the other kind",
            "\u{8}\u{8}\u{8}\u{7f}",
        ),
        who(
            "Zoe\u{301}\u{302}\u{303}",
            "Zalgo GmbH",
            "zoe@zalgo.example",
            "marks",
            "Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}algo comes",
        ),
        // Meant for other readers of the data.
        who(
            "=HYPERLINK(1)",
            "<script>alert(1)</script>",
            "eve@markup.example",
            "\"><img src=x>",
            "'; DROP TABLE requests; --",
        ),
        who("BEGIN:VCARD", "END:VCARD", "card@vcard.example", "TEL:110", "FN:Somebody\r\nTEL:120"),
        // Harmless, and often broken by programs.
        who(
            "👩\u{200d}👩\u{200d}👧 Family",
            "Émile & Søn 🏗️",
            "family@emoji.example",
            "playground",
            "👍🏽 🇨🇳 ❤️",
        ),
        who("محمد علي", "شركة النور", "m.ali@alnoor.example", "معرض دبي", "السلام عليكم"),
        who("क्षितिज राव", "नमस्ते टेक", "kshitij@namaste.example", "सहयोग", ""),
        who("ﾊﾝｶｸ ｶﾅ", "Ｗｉｄｅ　Ｃｏ", "kana@wide.example", "全角・半角", ""),
        who(
            "Wolfeschlegelsteinhausenbergerdorff Wolfeschlegelsteinhausen",
            "Very Long Company Name Very Long Company Name Very Long Company Name",
            "long@long.example",
            &"because ".repeat(24),
            "",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Dice, special, visitor};

    #[test]
    fn visitors_repeat_with_their_seed() {
        assert_eq!(visitor(&mut Dice::new(3), 7), visitor(&mut Dice::new(3), 7));
        assert!(special().len() >= 12);
    }
}
