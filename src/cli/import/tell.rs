//! What an import would do and what it refuses, in words and as JSON.

use std::collections::HashSet;
use std::io::{self, Write as _};

use serde_json::{Value, json};

use super::super::Context;
use super::super::args::ImportArgs;
use super::super::failure::Failure;
use crate::api::ImportPlan;
use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// Names of people listed of each kind.
const LISTED: usize = 20;

/// What the file asks for, in the shape of `docs/json.md`.
pub(super) fn shape(dry_run: bool, plan: &ImportPlan) -> Value {
    let refused: Vec<Value> = plan
        .refused
        .iter()
        .map(|row| json!({"line": row.line, "column": row.column, "code": row.code, "value": row.value}))
        .collect();
    json!({
        "dry_run": dry_run,
        "plan": {
            "added": plan.added,
            "added_total": plan.added_total,
            "changed": plan.changed,
            "changed_total": plan.changed_total,
            "missing": plan.missing,
            "missing_total": plan.missing_total,
            "unchanged_total": plan.unchanged_total,
            "departments_added": plan.departments_added,
            "refused": refused,
            "refused_total": plan.refused_total,
            "notes": plan.notes,
            "notes_total": plan.notes_total,
        },
    })
}

fn count(total: i64, told: usize) -> u64 {
    u64::try_from(total).unwrap_or(0).saturating_sub(told as u64)
}

fn more(words: &Words, text: Text, n: u64) -> Option<SafeText> {
    (n > 0).then(|| words.fill(text, &[("n", SafeText::number(n))]))
}

/// Every refused row with its file, line and reason; and what is done otherwise than rows say.
pub(super) fn refused(
    context: &Context,
    args: &ImportArgs,
    file: &SafeText,
    plan: &ImportPlan,
) -> Result<(), Failure> {
    let words = &context.words;
    let mut out = io::stderr().lock();
    for refused in &plan.refused {
        let column = refused.column.as_ref().map(|column| column.line(40)).unwrap_or_default();
        let value = refused.value.as_ref().map(|value| value.line(80)).unwrap_or_default();
        let why = SafeText::join([&column, &words.row_fault(refused.code)], " ");
        let why = SafeText::join([&why, &value], ": ");
        writeln!(out, "{file}:{}: {why}", refused.line)?;
    }
    let told: HashSet<u64> = plan.refused.iter().map(|refused| refused.line).collect();
    if let Some(more) = more(words, Text::RowsMore, count(plan.refused_total, told.len())) {
        writeln!(out, "{file}: {more}")?;
    }
    if args.skip_bad || args.dry_run {
        for note in &plan.notes {
            let text = words.fill(Text::RowManagerLeftOut, &[("manager", note.manager.line(64))]);
            writeln!(out, "{file}:{}: {text}", note.line)?;
        }
        if let Some(more) = more(words, Text::RowsMore, count(plan.notes_total, plan.notes.len())) {
            writeln!(out, "{file}: {more}")?;
        }
    }
    Ok(())
}

/// What would be added, changed and removed.
pub(super) fn plan(context: &Context, args: &ImportArgs, plan: &ImportPlan) -> Result<(), Failure> {
    let words = &context.words;
    let missing = if args.remove_missing { Text::PlanRemoved } else { Text::PlanMissing };
    for (text, total, people) in [
        (Text::PlanAdded, plan.added_total, &plan.added),
        (Text::PlanChanged, plan.changed_total, &plan.changed),
        (missing, plan.missing_total, &plan.missing),
    ] {
        context.out.line(&words.fill(text, &[("n", SafeText::number(total))]))?;
        for person in people.iter().take(LISTED) {
            let mut line = SafeText::constant("  ");
            line.push(&SafeText::join([&person.id.shown(), &person.name.whole()], "  "));
            context.out.line(&line)?;
        }
        if let Some(more) = more(words, Text::PlanMore, count(total, people.len().min(LISTED))) {
            context.out.line(&more)?;
        }
    }
    context.out.line(&words.fill(Text::PlanUnchanged, &[("n", SafeText::number(plan.unchanged_total))]))?;
    context
        .out
        .line(&words.fill(Text::PlanDepartments, &[("n", SafeText::number(plan.departments_added))]))?;
    Ok(())
}
