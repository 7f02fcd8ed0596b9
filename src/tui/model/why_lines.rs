//! A verdict in words: what it means, the rule behind it, and what can be done instead.

use super::content::Line;
use super::env::Env;
use super::queue_layers::WhyLayer;
use crate::i18n::Text;

/// Everything that there is to say about a verdict.
pub(super) fn why_lines(env: &Env, layer: &WhyLayer) -> Vec<Line> {
    let mut lines = vec![Line::Outside(layer.about.clone())];
    lines.push(Line::Section(env.words.verdict_means(layer.verdict.code)));
    lines.push(Line::Blank);
    lines.extend(env.words.rule_lines(&layer.verdict, &env.zone).into_iter().map(Line::Plain));
    if !layer.verdict.alternatives.is_empty() {
        lines.push(Line::Blank);
        lines.push(Line::Section(env.words.get(Text::SectionInstead)));
    }
    let instead = layer.verdict.alternatives.iter();
    lines.extend(instead.map(|alternative| Line::Plain(env.words.alternative(alternative, &env.zone))));
    lines
}
