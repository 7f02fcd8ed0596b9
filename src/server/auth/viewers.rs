//! Who was signed in when anything was last changed: found without asking the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::Time;
use crate::server::access::Viewer;
use crate::server::secrets::Hash;

/// Most that are remembered.
const MOST: usize = 10_000;

/// Viewers by the hashes of their tokens, true until the next change of anything.
#[derive(Debug, Default)]
pub(crate) struct Viewers(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The change after which all of them were read.
    commits: u64,
    viewers: HashMap<Hash, (Viewer, Time)>,
}

impl Viewers {
    fn with<T>(&self, what: impl FnOnce(&mut Known) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The viewer with this token, if nothing has changed since they were read.
    pub(super) fn get(&self, hash: &Hash, commits: u64, now: Time) -> Option<Viewer> {
        self.with(|known| {
            let (viewer, until) = known.viewers.get(hash).filter(|_| known.commits == commits)?;
            (now < *until).then(|| viewer.clone())
        })
    }

    /// Remembers a viewer who was read after so many changes. `until` is when time alone ends that.
    pub(super) fn put(&self, hash: Hash, viewer: &Viewer, commits: u64, until: Time) {
        self.with(|known| {
            if known.commits > commits {
                return;
            }
            if known.commits < commits || known.viewers.len() >= MOST {
                known.viewers.clear();
                known.commits = commits;
            }
            known.viewers.insert(hash, (viewer.clone(), until));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Viewers};
    use crate::domain::{MemberId, Role, Time};
    use crate::server::access::Viewer;

    fn viewer() -> Viewer {
        Viewer { company: 1, member: 7, id: MemberId::new("ann").unwrap(), roles: vec![Role::Member] }
    }

    #[test]
    fn who_is_known_is_known_until_the_next_change_and_no_longer_than_time_lets_them() {
        let viewers = Viewers::default();
        let (now, until) = (Time::from_micros(5), Time::from_micros(10));
        viewers.put([1; 32], &viewer(), 3, until);
        assert_eq!(viewers.get(&[1; 32], 3, now), Some(viewer()));
        assert_eq!(viewers.get(&[2; 32], 3, now), None);
        assert_eq!(viewers.get(&[1; 32], 4, now), None);
        assert_eq!(viewers.get(&[1; 32], 3, until), None);
        // What was read before a change comes too late.
        viewers.put([2; 32], &viewer(), 4, until);
        viewers.put([3; 32], &viewer(), 3, until);
        assert_eq!(viewers.get(&[3; 32], 4, now), None);
        assert_eq!(viewers.get(&[2; 32], 4, now), Some(viewer()));
        assert_eq!(viewers.get(&[1; 32], 4, now), None);
        for n in 0..=MOST as u64 {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            viewers.put(hash, &viewer(), 4, until);
        }
        assert!(viewers.with(|known| known.viewers.len()) <= MOST);
    }
}
