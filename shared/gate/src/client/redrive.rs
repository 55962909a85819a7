//! Looking through dead-letter queues, and putting messages back into the queues that they came from.
//!
//! A message is deleted only after it was sent: who is interrupted between the two leaves it twice, never not
//! at all. Twice is harmless, since every function is idempotent.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    domain::GateFunction,
    ports::{DeadLetter, DeadLetters, PortError},
};

/// How long a message that is looked at is hidden from others. Whoever is interrupted leaves it hidden for no
/// longer.
const VISIBILITY_TIMEOUT: Duration = Duration::from_mins(5);
/// So many of a queue are looked at in a run, which takes less time than they are hidden for.
const MAX_MESSAGES_PER_QUEUE: usize = 1000;

/// The messages of a dead-letter queue, hidden from others for some minutes.
#[derive(Debug)]
pub struct FoundLetters {
    /// Whose they are.
    pub of: GateFunction,
    /// The messages, as the queue gave them.
    pub letters: Vec<DeadLetter>,
    /// Whether there may be more than these.
    pub has_more: bool,
}

/// Messages that others do not see yet, though nobody looks at them any more.
#[derive(Debug, Default)]
pub struct StillHidden {
    /// How many.
    pub letters: usize,
    /// Why, of the first.
    pub first_error: Option<PortError>,
}

impl FoundLetters {
    /// All messages of a dead-letter queue, up to a thousand.
    pub async fn take<W: DeadLetters>(world: &W, of: GateFunction) -> Result<Self, PortError> {
        let mut found = Self {
            of,
            letters: Vec::new(),
            has_more: false,
        };
        let mut seen = BTreeSet::new();
        loop {
            let taken = match world.take_dead_letters(of, VISIBILITY_TIMEOUT).await {
                Ok(taken) => taken,
                Err(error) => {
                    // Whoever is told of this error looks again in some minutes, and then they are there again.
                    let _hidden = found.release(world, &BTreeSet::new()).await;
                    return Err(error);
                }
            };
            // One that comes a second time in a run was hidden for too short a time, or delivered twice.
            let before = found.letters.len();
            let new = taken.into_iter().filter(|it| seen.insert(it.id.clone()));
            found.letters.extend(new);
            if found.letters.len() == before {
                return Ok(found);
            }
            if found.letters.len() >= MAX_MESSAGES_PER_QUEUE {
                found.has_more = true;
                return Ok(found);
            }
        }
    }

    /// Lets others see at once what is left: all but those with the ids of `put_back`, which are gone. What it fails
    /// for stays hidden for up to five minutes.
    pub async fn release<W: DeadLetters>(
        &self,
        world: &W,
        put_back: &BTreeSet<String>,
    ) -> StillHidden {
        let mut hidden = StillHidden::default();
        let left = self.letters.iter();
        for letter in left.filter(|letter| !put_back.contains(&letter.id)) {
            if let Err(error) = world.release_dead_letter(self.of, letter).await {
                hidden.letters = hidden.letters.saturating_add(1);
                hidden.first_error.get_or_insert(error);
            }
        }
        hidden
    }

    /// Puts a message back, and then takes it out of here.
    pub async fn put_back<W: DeadLetters>(
        &self,
        world: &W,
        letter: &DeadLetter,
    ) -> Result<(), PortError> {
        world.send_back(self.of, &letter.body).await?;
        world.delete_dead_letter(self.of, letter).await
    }
}
