//! Listings of Lambda, page by page, and how fast they may be asked for.

use std::time::Duration;

use super::quota_share::QuotaShare;

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

/// The pages of a listing, one after the other. It ends with the page that names no other one, or itself.
#[derive(Debug, Default)]
pub struct Pages {
    marker: Option<String>,
    taken: u32,
    is_last: bool,
}

impl Pages {
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
    pub fn take_items<T>(&mut self, page: ListingPage<T>) -> Vec<T> {
        self.taken = self.taken.saturating_add(1);
        let is_end = page.next.is_none() || page.next == self.marker;
        self.is_last = is_end || self.taken >= MAX_PAGES;
        self.marker = page.next;
        page.items
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
        let mut pages = Pages::default();
        assert!(pages.has_next() && pages.marker().is_none());
        assert_eq!(pages.take_items(page(Some("a"))), [1]);
        assert!(pages.has_next());
        assert_eq!(pages.marker(), Some("a"));
        pages.take_items(page(None));
        assert!(!pages.has_next());
    }

    #[test]
    fn listing_that_goes_round_ends() {
        let mut pages = Pages::default();
        pages.take_items(page(Some("a")));
        pages.take_items(page(Some("a")));
        assert!(!pages.has_next());

        let mut pages = Pages::default();
        let mut taken = 0;
        while pages.has_next() {
            pages.take_items(page(Some(if taken % 2 == 0 { "a" } else { "b" })));
            taken += 1;
        }
        assert_eq!(taken, MAX_PAGES);
    }
}
