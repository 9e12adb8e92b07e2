//! Pages of a list.
//!
//! A page token names the last item of the page before, so it stays good when the list grows.

use std::str::FromStr;

use super::call_error::RequestError;
use crate::limits::{PAGE_TOKEN_BYTES_MAX, PageLimit};

/// Which list a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Blocks,
    Entries,
    Members,
    Peers,
}

impl List {
    /// Items of a page, as asked or by default.
    pub(super) fn page_size(self, asked: u32) -> Result<usize, RequestError> {
        let PageLimit { default, max } = self.limit();
        match asked {
            0 => Ok(default as usize),
            _ if asked > max => Err(RequestError::AboveLimit { field: "page_size", actual: asked, max }),
            _ => Ok(asked as usize),
        }
    }

    /// The item that a token names; `None` without a token.
    pub(super) fn after<T: FromStr>(self, token: &str) -> Result<Option<T>, RequestError> {
        if token.is_empty() {
            return Ok(None);
        }
        if token.len() > PAGE_TOKEN_BYTES_MAX {
            return Err(RequestError::PageToken);
        }
        let last = token.strip_prefix(self.prefix()).and_then(|text| text.parse().ok());
        last.map(Some).ok_or(RequestError::PageToken)
    }

    /// Cuts a list of up to one item more than a page holds; returns the page and the next token.
    pub(super) fn page<T>(
        self,
        mut items: Vec<T>,
        page_size: usize,
        name: impl Fn(&T) -> String,
    ) -> (Vec<T>, String) {
        if items.len() <= page_size {
            return (items, String::new());
        }
        items.truncate(page_size);
        let token = items.last().map(|last| format!("{}{}", self.prefix(), name(last)));
        (items, token.unwrap_or_default())
    }

    fn limit(self) -> PageLimit {
        match self {
            Self::Blocks => crate::limits::BLOCKS_PAGE,
            Self::Entries => crate::limits::ENTRIES_PAGE,
            Self::Members => crate::limits::MEMBERS_PAGE,
            Self::Peers => crate::limits::PEERS_PAGE,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Blocks => "b.",
            Self::Entries => "e.",
            Self::Members => "m.",
            Self::Peers => "p.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_on_from_the_last_item() {
        let (page, token) = List::Entries.page(vec![4u64, 5, 6], 2, u64::to_string);
        assert_eq!((page, token.as_str()), (vec![4, 5], "e.5"));
        assert_eq!(List::Entries.after::<u64>(&token).unwrap(), Some(5));
        assert_eq!(List::Entries.page(vec![4u64, 5], 2, u64::to_string), (vec![4, 5], String::new()));
    }

    #[test]
    fn tokens_of_other_lists_are_refused() {
        for bad in ["b.5", "e.", "e.x", "5", "e.99999999999999999999", &"e.0".repeat(40)] {
            assert!(List::Entries.after::<u64>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pages_above_the_cap_are_refused() {
        assert_eq!(List::Members.page_size(0).unwrap(), 100);
        assert_eq!(List::Members.page_size(200).unwrap(), 200);
        assert!(matches!(List::Members.page_size(201), Err(RequestError::AboveLimit { max: 200, .. })));
    }
}
