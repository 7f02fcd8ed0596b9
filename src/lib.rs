//! namecard: the company address book, the contacts outside the company, and the queue of people
//! waiting for an answer, in a terminal.

pub mod domain;
pub mod qr;
pub mod search;
pub mod text;
