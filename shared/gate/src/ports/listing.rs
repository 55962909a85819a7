//! Listings of Lambda, page by page, and how fast they may be asked for.

use std::time::Duration;

use super::{error::PortError, quota_share::QuotaShare};

/// Between two calls of Lambda's control plane by a person's command: a tenth of what it allows.
pub const CONTROL_PLANE_INTERVAL: Duration = QuotaShare::TENTH.between_control_plane_calls();

/// Between two calls of `GetFunction`, likewise.
pub const GET_FUNCTION_INTERVAL: Duration = QuotaShare::TENTH.between_get_function_calls();

/// Pages of a listing: more than any account has.
const MAX_PAGES: u32 = 10_000;

/// A page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingPage<T> {
    /// At most as many as Lambda lists at a time.
    pub items: Vec<T>,
    /// `NextMarker`; `None` after the last page.
    pub next: Option<String>,
}

/// Why a listing was given up: it would have been cut, and what is missing in it is not seen.
#[derive(Debug, thiserror::Error)]
enum UnendingListing {
    #[error("the listing does not end: a page names itself as the next one")]
    GoesRound,
    #[error("the listing does not end: it has more than {MAX_PAGES} pages")]
    TooLong,
}

/// The pages of a listing, one after the other. It ends with the page that names no other one; one that does not end is an
/// error, because a listing that is cut looks like a whole one.
#[derive(Debug)]
pub struct Pages {
    call: &'static str,
    marker: Option<String>,
    taken: u32,
    is_last: bool,
}

impl Pages {
    /// Those of the listing that this call makes, as AWS names it: `lambda:ListFunctions`.
    #[must_use]
    pub fn of(call: &'static str) -> Self {
        Self {
            call,
            marker: None,
            taken: 0,
            is_last: false,
        }
    }

    /// Whether there is another page.
    #[must_use]
    pub fn has_next(&self) -> bool {
        !self.is_last
    }

    /// What to ask for the next page with; `None` for the first.
    #[must_use]
    pub fn marker(&self) -> Option<&str> {
        self.marker.as_deref()
    }

    /// Takes the items off a page.
    ///
    /// # Errors
    ///
    /// As [`turn_to`](Self::turn_to).
    pub fn take_items<T>(&mut self, page: ListingPage<T>) -> Result<Vec<T>, PortError> {
        self.turn_to(page.next)?;
        Ok(page.items)
    }

    /// Goes on to the page that the last one names as the next. An empty name is none.
    ///
    /// # Errors
    ///
    /// The listing does not end.
    pub fn turn_to(&mut self, next: Option<String>) -> Result<(), PortError> {
        let next = next.filter(|marker| !marker.is_empty());
        self.taken = self.taken.saturating_add(1);
        self.is_last = next.is_none();
        if !self.is_last && next == self.marker {
            return Err(self.unending(UnendingListing::GoesRound));
        }
        if !self.is_last && self.taken >= MAX_PAGES {
            return Err(self.unending(UnendingListing::TooLong));
        }
        self.marker = next;
        Ok(())
    }

    fn unending(&self, why: UnendingListing) -> PortError {
        PortError::Unexpected {
            call: self.call,
            source: Box::new(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(next: Option<&str>) -> ListingPage<u8> {
        ListingPage {
            items: vec![1],
            next: next.map(str::to_owned),
        }
    }

    #[test]
    fn listing_ends_with_the_page_that_names_no_other() {
        for last in [None, Some("")] {
            let mut pages = Pages::of("lambda:ListFunctions");
            assert!(pages.has_next() && pages.marker().is_none());
            assert_eq!(pages.take_items(page(Some("a"))).unwrap(), [1]);
            assert!(pages.has_next());
            assert_eq!(pages.marker(), Some("a"));
            pages.take_items(page(last)).unwrap();
            assert!(!pages.has_next());
        }
    }

    #[test]
    fn listing_that_does_not_end_is_an_error() {
        let mut pages = Pages::of("lambda:ListFunctions");
        pages.turn_to(Some("a".to_owned())).unwrap();
        let error = pages.turn_to(Some("a".to_owned())).unwrap_err();
        assert_eq!(
            error.error_chain(),
            "lambda:ListFunctions gave an answer that is not understood: the listing does not end: a page names itself as \
             the next one"
        );

        let mut pages = Pages::of("lambda:ListFunctions");
        let mut names = ["a", "b"].into_iter().cycle().map(str::to_owned);
        let error = loop {
            if let Err(error) = pages.turn_to(names.next()) {
                break error;
            }
        };
        assert_eq!(pages.taken, MAX_PAGES);
        let text = error.error_chain();
        assert!(text.ends_with("it has more than 10000 pages"), "{text}");
    }

    #[test]
    fn longest_listing_is_taken_whole() {
        let mut pages = Pages::of("lambda:ListFunctions");
        for taken in 1..MAX_PAGES {
            pages.turn_to(Some(taken.to_string())).unwrap();
        }
        pages.turn_to(None).unwrap();
        assert!(!pages.has_next());
    }
}
