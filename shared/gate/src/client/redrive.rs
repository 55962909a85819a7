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
                    found.release(world).await;
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

    /// Lets others see what is left. One that this fails for is seen again after some minutes.
    pub async fn release<W: DeadLetters>(&self, world: &W) {
        for letter in &self.letters {
            let _seen_later = world.release_dead_letter(self.of, letter).await;
        }
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
