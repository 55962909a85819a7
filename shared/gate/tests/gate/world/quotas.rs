//! Quotas of requests, as AWS keeps them: so many a second, and no more than that at once.

use jiff::Timestamp;

/// Requests a second of an account and region (grade B).
pub const CONTROL_PLANE: u64 = 15;
pub const GET_FUNCTION: u64 = 100;

/// A quota that a call draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    ControlPlane,
    GetFunction,
    Signer,
    None,
}

pub fn draws(call: &str) -> Draws {
    match call {
        "lambda:GetFunction" | "lambda:GetFunction version" => Draws::GetFunction,
        call if call.starts_with("lambda:") => Draws::ControlPlane,
        call if call.starts_with("signer:") => Draws::Signer,
        _ => Draws::None,
    }
}

/// Parts of a request, so that a share of a quota is a whole number.
const PARTS: u64 = 100;
const REQUEST: u64 = PARTS * 1000;

/// What is left of a quota.
#[derive(Clone)]
pub struct Bucket {
    /// Parts of a request a second.
    rate: u64,
    /// Thousandths of those parts.
    left: u64,
    /// In milliseconds.
    at: u64,
}

impl Bucket {
    pub fn of(a_second: u64) -> Self {
        Self::of_share(a_second, 100)
    }

    /// So many percent of a quota.
    pub fn of_share(a_second: u64, percent: u64) -> Self {
        let rate = a_second * PARTS * percent / 100;
        let left = (rate * 1000).max(REQUEST);
        Self { rate, left, at: 0 }
    }

    /// Whether a request is allowed at this time, in milliseconds.
    pub fn take(&mut self, now: u64) -> bool {
        let most = (self.rate * 1000).max(REQUEST);
        self.left = (self.left + (now - self.at) * self.rate).min(most);
        self.at = now;
        let is_there = self.left >= REQUEST;
        self.left -= if is_there { REQUEST } else { 0 };
        is_there
    }
}

/// The quotas of an account and region. Signer's are in Service Quotas alone.
#[derive(Clone)]
pub struct Quotas {
    pub control_plane: Bucket,
    pub get_function: Bucket,
    pub signer: Bucket,
    /// How many calls they refused.
    pub refused: usize,
    began: Timestamp,
}

impl Quotas {
    pub fn new(began: Timestamp, [control_plane, get_function, signer]: [Bucket; 3]) -> Self {
        Self {
            control_plane,
            get_function,
            signer,
            refused: 0,
            began,
        }
    }

    pub fn allow(&mut self, call: &str, now: Timestamp) -> bool {
        let passed = now.duration_since(self.began).as_millis();
        let now = u64::try_from(passed).unwrap();
        let is_allowed = match draws(call) {
            Draws::ControlPlane => self.control_plane.take(now),
            Draws::GetFunction => self.get_function.take(now),
            Draws::Signer => self.signer.take(now),
            Draws::None => true,
        };
        self.refused += usize::from(!is_allowed);
        is_allowed
    }
}
