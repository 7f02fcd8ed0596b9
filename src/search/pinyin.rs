//! Chinese names by their sound: in full, by initials, and mixed.

use std::ops::Range;

use pinyin::ToPinyinMulti as _;

/// How surnames are read where the character's usual reading is another one.
const SURNAMES: &[(&str, &[&str])] = &[
    ("万俟", &["mo", "qi"]),
    ("尉迟", &["yu", "chi"]),
    ("单于", &["chan", "yu"]),
    ("长孙", &["zhang", "sun"]),
    ("澹台", &["tan", "tai"]),
    ("鲜于", &["xian", "yu"]),
    ("令狐", &["ling", "hu"]),
    ("宰父", &["zai", "fu"]),
    ("亓官", &["qi", "guan"]),
    ("乐正", &["yue", "zheng"]),
    ("单", &["shan"]),
    ("曾", &["zeng"]),
    ("解", &["xie"]),
    ("仇", &["qiu"]),
    ("查", &["zha"]),
    ("盖", &["ge"]),
    ("区", &["ou"]),
    ("朴", &["piao"]),
    ("翟", &["zhai"]),
    ("缪", &["miao"]),
    ("任", &["ren"]),
    ("华", &["hua"]),
    ("乐", &["yue"]),
    ("覃", &["qin"]),
    ("纪", &["ji"]),
    ("燕", &["yan"]),
    ("宁", &["ning"]),
    ("召", &["shao"]),
    ("折", &["she"]),
    ("种", &["chong"]),
    ("员", &["yun"]),
    ("繁", &["po"]),
    ("谌", &["chen"]),
    ("冼", &["xian"]),
    ("洗", &["xian"]),
    ("秘", &["bi"]),
    ("祭", &["zhai"]),
    ("隗", &["wei"]),
    ("句", &["gou"]),
    ("郇", &["xun"]),
    ("郗", &["xi"]),
    ("瞿", &["qu"]),
    ("车", &["che"]),
    ("都", &["du"]),
    ("费", &["fei"]),
    ("葛", &["ge"]),
    ("柏", &["bai"]),
    ("贾", &["jia"]),
    ("幺", &["yao"]),
    ("黑", &["he"]),
    ("尹", &["yin"]),
    ("重", &["chong"]),
    ("阚", &["kan"]),
    ("晟", &["cheng"]),
    ("牟", &["mu"]),
    ("褚", &["chu"]),
    ("强", &["qiang"]),
    ("那", &["na"]),
    ("俞", &["yu"]),
    ("沈", &["shen"]),
    ("石", &["shi"]),
    ("曲", &["qu"]),
    ("卜", &["bu"]),
    ("殷", &["yin"]),
    ("应", &["ying"]),
    ("占", &["zhan"]),
    ("逄", &["pang"]),
    ("郝", &["hao"]),
];

/// The sounds of a folded name: syllables separated by blanks, the readings of one character by `|`
/// with the likeliest first. Empty when the name holds no Chinese character.
pub(super) fn sounds(folded: &str) -> String {
    let surname =
        SURNAMES.iter().find(|(name, _)| folded.starts_with(name)).map_or(&[][..], |(_, sounds)| sounds);
    let mut out = String::new();
    let mut any = false;
    for (at, c) in folded.chars().filter(|c| *c != ' ').enumerate() {
        let Some(multi) = c.to_pinyin_multi() else {
            // Another script inside the name: a syllable that only its own letters match.
            continue;
        };
        any = true;
        if !out.is_empty() {
            out.push(' ');
        }
        let mut readings: Vec<String> = surname.get(at).map(|s| (*s).to_owned()).into_iter().collect();
        for reading in multi {
            for form in spellings(reading.plain()) {
                if !readings.contains(&form) {
                    readings.push(form);
                }
            }
        }
        out.push_str(&readings.join("|"));
    }
    if any { out } else { String::new() }
}

/// The ways people type a syllable: `ü` as v, u or yu.
fn spellings(plain: &str) -> Vec<String> {
    if plain.contains('ü') {
        vec![plain.replace('ü', "v"), plain.replace('ü', "u"), plain.replace('ü', "yu")]
    } else {
        vec![plain.to_owned()]
    }
}

/// How a typed word fits the sounds of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// Which Chinese characters of the name it covers.
    pub(super) characters: Range<usize>,
    /// Whether every syllable was typed in full.
    pub(super) full: bool,
    /// Whether the likeliest reading of each character was meant.
    pub(super) usual: bool,
    /// Whether the name has no character besides the ones covered.
    pub(super) whole: bool,
}

/// Finds the best place where `word` (lower-case letters) follows the syllables. Each syllable but
/// the last is typed in full or by its initial; the last by any beginning. A word never starts
/// within a syllable: `anx` is not `shan xiong`.
pub(super) fn fit(word: &str, sounds: &str) -> Option<Fit> {
    if sounds.is_empty() || !word.bytes().all(|b| b.is_ascii_lowercase()) || word.is_empty() {
        return None;
    }
    let syllables: Vec<&str> = sounds.split(' ').collect();
    (0..syllables.len())
        .filter_map(|start| {
            follow(word, syllables.get(start..)?).map(|run| Fit {
                characters: start..start + run.count,
                full: run.full,
                usual: run.usual,
                whole: start == 0 && run.count == syllables.len(),
            })
        })
        .min_by_key(|fit| (fit.characters.start, !fit.usual, !fit.full))
}

#[derive(Clone, Copy)]
struct Run {
    count: usize,
    full: bool,
    usual: bool,
}

fn follow(word: &str, syllables: &[&str]) -> Option<Run> {
    let (syllable, rest) = syllables.split_first()?;
    let mut best: Option<Run> = None;
    for (nth, reading) in syllable.split('|').enumerate() {
        let usual = nth == 0;
        // The last syllable: any beginning will do.
        if reading.starts_with(word) {
            best = better(best, Run { count: 1, full: word.len() == reading.len(), usual });
        }
        for typed in [reading, initial(reading), reading.get(..1).unwrap_or_default()] {
            let Some(left) = word.strip_prefix(typed).filter(|left| !left.is_empty()) else { continue };
            if let Some(run) = follow(left, rest) {
                let full = run.full && typed.len() == reading.len();
                best = better(best, Run { count: run.count + 1, full, usual: run.usual && usual });
            }
        }
    }
    best
}

fn better(a: Option<Run>, b: Run) -> Option<Run> {
    match a {
        Some(a) if (a.usual, a.full) >= (b.usual, b.full) => Some(a),
        _ => Some(b),
    }
}

/// `zh`, `ch` and `sh` count as one initial.
fn initial(reading: &str) -> &str {
    let length = if ["zh", "ch", "sh"].iter().any(|two| reading.starts_with(two)) { 2 } else { 1 };
    reading.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{fit, sounds};

    fn finds(word: &str, name: &str) -> bool {
        fit(word, &sounds(name)).is_some()
    }

    #[test]
    fn full_initials_and_mixed_forms_match() {
        for word in ["zhangwei", "zhang", "wei", "zw", "zhw", "zhangw", "zwei", "zhangwe", "z", "w"] {
            assert!(finds(word, "张伟"), "{word}");
        }
        for word in ["angwei", "hang", "ei", "zhangx", "zhangweix", "zhawei"] {
            assert!(!finds(word, "张伟"), "{word}");
        }
    }

    #[test]
    fn surnames_have_their_own_reading_first() {
        assert!(sounds("单雄").starts_with("shan|"));
        assert!(finds("shanxiong", "单雄") && finds("danxiong", "单雄"));
        assert!(!finds("anx", "单雄"));
        let (shan, dan) = (fit("shanx", &sounds("单雄")).unwrap(), fit("danx", &sounds("单雄")).unwrap());
        assert!(shan.usual && !dan.usual);
        for (name, word) in [
            ("曾国", "zeng"),
            ("仇英", "qiuying"),
            ("尉迟恭", "yuchigong"),
            ("区志航", "ouzhihang"),
            ("吕布", "lvbu"),
            ("吕布", "lubu"),
            ("万俟咏", "moqi"),
        ] {
            assert!(finds(word, name), "{word} {name}");
        }
    }

    #[test]
    fn other_scripts_have_no_sounds() {
        assert_eq!(sounds("ana souza"), "");
        assert!(!finds("a", "ana"));
    }
}
