//! What the fields of a summary say.

use std::fmt;

/// What one field of a summary says. The number in the encoding is assigned once and for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SummaryLabel {
    /// Name of the person to whom the credential was awarded.
    Holder = 0,
    /// Name of what was achieved.
    Title = 1,
    /// Date of the award, `YYYY-MM-DD`.
    AwardedOn = 2,
    /// Credits earned.
    Credits = 3,
    /// Number of the certificate.
    Number = 4,
    /// Level in a qualifications framework, such as `KKNI 6`.
    Level = 5,
    /// Last day on which the credential is valid, `YYYY-MM-DD`.
    ValidUntil = 6,
    /// Name of the programme of study.
    Programme = 7,
}

impl SummaryLabel {
    /// Every label, by ascending code.
    pub const ALL: [Self; 8] = [
        Self::Holder,
        Self::Title,
        Self::AwardedOn,
        Self::Credits,
        Self::Number,
        Self::Level,
        Self::ValidUntil,
        Self::Programme,
    ];

    /// The number in the encoding.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The name in the JSON form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Title => "title",
            Self::AwardedOn => "awarded_on",
            Self::Credits => "credits",
            Self::Number => "number",
            Self::Level => "level",
            Self::ValidUntil => "valid_until",
            Self::Programme => "programme",
        }
    }

    pub(super) fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.as_str() == name)
    }

    pub(super) fn is_date(self) -> bool {
        matches!(self, Self::AwardedOn | Self::ValidUntil)
    }
}

impl fmt::Display for SummaryLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
