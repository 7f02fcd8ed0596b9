//! New ids: UUIDv7 from the server's clock, so that they sort by time and never go back.

use std::sync::{Mutex, PoisonError};

use uuid::{ContextV7, Timestamp, Uuid};

use crate::domain::{CardId, ContactId, DepartmentId, RequestId, Time};

static CONTEXT: Mutex<Option<ContextV7>> = Mutex::new(None);

fn bits(now: Time) -> u128 {
    let micros = u64::try_from(now.as_micros()).unwrap_or(0);
    let mut context = CONTEXT.lock().unwrap_or_else(PoisonError::into_inner);
    let context = context.get_or_insert_with(ContextV7::new);
    let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000;
    Uuid::new_v7(Timestamp::from_unix(&*context, micros / 1_000_000, nanos)).as_u128()
}

/// A new request's id.
pub(crate) fn request(now: Time) -> RequestId {
    RequestId::from_bits(bits(now))
}

/// A new contact's id.
pub(crate) fn contact(now: Time) -> ContactId {
    ContactId::from_bits(bits(now))
}

/// A new card's id.
pub(crate) fn card(now: Time) -> CardId {
    CardId::from_bits(bits(now))
}

/// A new department's id.
pub(crate) fn department(now: Time) -> DepartmentId {
    DepartmentId::from_bits(bits(now))
}

/// The id of a call, as logs and the audit log name it.
pub(crate) fn call(now: Time) -> String {
    format!("q_{}", CardId::from_bits(bits(now)).as_str().trim_start_matches(CardId::PREFIX))
}
