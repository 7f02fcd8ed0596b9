//! How the plain types look in the OpenAPI description.

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{CardId, CompanyId, ContactId, DepartmentId, MemberId, RequestId, Time};
use crate::text::Untrusted;

macro_rules! text_schema {
    ($($name:ident => $description:literal $(, $format:expr)?;)*) => {
        $(
            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .description(Some($description))
                        $(.format(Some(SchemaFormat::KnownFormat($format))))?
                        .into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

text_schema! {
    Untrusted => "Text that somebody typed. Not cleaned: whoever shows it has to.";
    Time => "A moment: RFC 3339, in UTC.", KnownFormat::DateTime;
    MemberId => "1 to 64 characters of A-Z a-z 0-9 _ - . @, beginning with a letter or digit; case is ignored.";
    CompanyId => "1 to 64 characters of A-Z a-z 0-9 _ - . @, beginning with a letter or digit; case is ignored.";
    DepartmentId => "d_ and 26 characters of Crockford's base 32.";
    ContactId => "x_ and 26 characters of Crockford's base 32.";
    RequestId => "r_ and 26 characters of Crockford's base 32.";
    CardId => "c_ and 26 characters of Crockford's base 32.";
}
