//! The English sentences. The name says where a sentence stands and what it says.

macro_rules! texts {
    ($($name:ident = $english:literal;)*) => {
        /// A sentence of the program.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each sentence is its own description")]
        pub enum Text { $($name),* }

        impl Text {
            /// All sentences, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The key in the overlays of other languages.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// The sentence in English.
            pub const fn english(self) -> &'static str {
                match self { $(Self::$name => $english),* }
            }
        }
    };
}

texts! {
    // The visitor's pages.
    PageCardTitle = "Namecard of {name}";
    PageSaveContact = "Save to contacts";
    PageAsk = "Would you like to connect with {name}?";
    PageAskWhat = "What is it about?";
    PageBusiness = "Business";
    PagePersonal = "Something personal";
    PageNeverAsks = "We never ask for a password or a payment here.";
    PageLocalOnly = "This page opens on this computer only.";
    PagePersonalTitle = "This is a work namecard";
    PagePersonalWhy = "{name} uses it for {company} only, and messages here may be handed over to colleagues.";
    PagePersonalInstead = "For something personal, please use a personal messenger or the number you already have.";
    PageNothingKept = "Nothing was sent and nothing was kept.";
    PageBack = "Back to the namecard";
    PageFormTitle = "Connect with {name}";
    PageReceives = "Only {name} at {company} reads this. Without an answer it ends after {days} {days|day|days}.";
    PageFieldName = "Your name";
    PageFieldCompany = "Your company";
    PageFieldTitle = "Your title";
    PageFieldEmail = "E-mail";
    PageFieldPhone = "Phone";
    PageFieldPurpose = "What is it for?";
    PageFieldMessage = "Message";
    PageOptional = "optional";
    PageOneOfTwo = "Please give an e-mail address or a phone number.";
    PageLeaveEmpty = "Please leave this field empty";
    PageSend = "Send request";
    PageErrorsTitle = "Please look at the marked fields.";
    PageErrorMissing = "This is needed.";
    PageErrorTooLong = "This is too long.";
    PageErrorUnreadable = "This cannot be read. Please type it anew.";
    PageErrorEmail = "This is not an e-mail address.";
    PageErrorPhone = "Only digits, blanks and + - ( ) please, at most 20 of them.";
    PageFormOld = "The form had been open for too long. Please check it and send it again.";
    PageFormEarly = "That was quick. Please check what you typed and send it again.";
    PageFormReused = "This form was sent before with other content. If you want to send a new request, please check and send it again.";
    PageColleagueTitle = "You are colleagues";
    PageColleagueWhy = "Your address is one of {company}. You will find {name} in the company directory; no request is needed.";
    PageAskedTitle = "Thank you";
    PageAskedWhy = "If a request with this address or number is already waiting, it stays as it is. Its status page is known to whoever sent it.";
    PageNotFoundTitle = "There is nothing here";
    PageNotFoundWhy = "The link is mistyped, or the namecard is no longer in use. Ask for a new one.";
    PageFailedTitle = "That did not work";
    PageFailedWhy = "The server could not do it just now. Nothing was sent. Please try again in a moment.";
    PageStatusTitle = "Your request to {name}";
    PageStatusPending = "Waiting for an answer";
    PageStatusPendingWhy = "{name} has received your request. It ends on {date} if there is no answer.";
    PageStatusApproved = "Approved";
    PageStatusApprovedWhy = "{name} has accepted your request and will get in touch.";
    PageStatusNotAccepted = "Not accepted";
    PageStatusNotAcceptedWhy = "{name} has not accepted your request.";
    PageStatusReason = "Reason: {reason}";
    PageStatusWithdrawn = "Withdrawn";
    PageStatusWithdrawnWhy = "You took this request back.";
    PageStatusExpired = "Expired";
    PageStatusExpiredWhy = "There was no answer in time. You may ask again with the namecard.";
    PageKeepLink = "Keep this link: it is the only way back to this page.";
    PageWithdraw = "Withdraw the request";
    PageWithdrawSure = "Yes, withdraw it";

    // Reasons of a rejection.
    ReasonNotKnown = "not known to me";
    ReasonWrongContact = "wrong contact";
    ReasonNoBusinessReason = "no business reason given";
    ReasonLooksFake = "looks like a fake or a look-alike";
    ReasonPersonalAccount = "personal account";
    ReasonOther = "other...";
}
