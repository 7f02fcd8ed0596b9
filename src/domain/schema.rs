//! How the plain types look in the OpenAPI description.

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{CardId, CompanyId, ContactId, DepartmentId, MemberId, RequestId, Time};
use crate::text::Untrusted;

/// The form of an id that a company gives.
const GIVEN: &str = "^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$";

macro_rules! text_schema {
    ($($name:ident => $description:literal $(, $set:ident $value:expr)?;)*) => {
        $(
            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .description(Some($description))
                        $(.$set(Some($value)))?
                        .into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

text_schema! {
    Untrusted => "Text that somebody typed. Not cleaned: whoever shows it has to.";
    Time => "A moment: RFC 3339, in UTC.", format SchemaFormat::KnownFormat(KnownFormat::DateTime);
    MemberId => "1 to 64 characters of A-Z a-z 0-9 _ - . @, beginning with a letter or digit; case is ignored.",
        pattern GIVEN;
    CompanyId => "1 to 64 characters of A-Z a-z 0-9 _ - . @, beginning with a letter or digit; case is ignored.",
        pattern GIVEN;
    DepartmentId => "d_ and 26 characters of Crockford's base 32.",
        pattern "^d_[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$";
    ContactId => "x_ and 26 characters of Crockford's base 32.",
        pattern "^x_[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$";
    RequestId => "r_ and 26 characters of Crockford's base 32.",
        pattern "^r_[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$";
    CardId => "c_ and 26 characters of Crockford's base 32.",
        pattern "^c_[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$";
}
