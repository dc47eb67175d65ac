//! Access control lists of folders (acl(5)), which let individual users traverse a folder
//! regardless of their groups.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{XattrFlags, getxattr, setxattr};
use rustix::io::Errno;

const NAME: &str = "system.posix_acl_access";
/// After it come the entries, each with a kind, permissions and a user. All numbers are
/// little-endian (`linux/posix_acl_xattr.h`).
const VERSION: u32 = 2;
const ENTRY: usize = 8;
/// Of an extended attribute's value (`XATTR_SIZE_MAX`).
const LARGEST: usize = 65_536;

/// In the order in which a list contains them.
const OWNER: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP: u16 = 0x04;
const MASK: u16 = 0x10;
const OTHERS: u16 = 0x20;
/// In entries that are not for a specific user.
const NOBODY: u32 = u32::MAX;

const ALL: u16 = 0o7;
const PASS: u16 = 0o1;
const NOTHING: u16 = 0o0;
/// If the file system does not support access control lists.
const THROUGH: u32 = 0o711;

/// Lets these users traverse a folder, in addition to the users who could traverse it before. The
/// owner has all permissions, and other users have none. If the file system does not support access
/// control lists, lets everybody traverse the folder and logs this.
pub(super) fn admit(folder: &Path, users: &BTreeSet<u32>) -> io::Result<()> {
    let mut found = vec![0; LARGEST];
    let admitted = getxattr(folder, NAME, &mut found[..]).and_then(|length| {
        let users: BTreeSet<u32> = read(&found[..length])
            .chain(users.iter().copied())
            .collect();
        setxattr(folder, NAME, &write(&users), XattrFlags::empty())
    });
    let admitted = match admitted {
        Err(Errno::NODATA) => setxattr(folder, NAME, &write(users), XattrFlags::empty()),
        admitted => admitted,
    };
    match admitted {
        Err(Errno::OPNOTSUPP) => {
            tracing::warn!(
                folder = %folder.display(),
                "the file system has no access lists, so every user of this machine may connect \
                 to services there; use one that has them (ext4, XFS, tmpfs), if others use this machine"
            );
            fs::set_permissions(folder, Permissions::from_mode(THROUGH))
        }
        admitted => Ok(admitted?),
    }
}

fn read(list: &[u8]) -> impl Iterator<Item = u32> {
    let entries = list.get(size_of::<u32>()..).unwrap_or_default();
    entries.chunks_exact(ENTRY).filter_map(|entry| {
        let (kind, rest) = entry.split_first_chunk()?;
        let user = rest.last_chunk()?;
        (u16::from_le_bytes(*kind) == USER).then_some(u32::from_le_bytes(*user))
    })
}

fn write(users: &BTreeSet<u32>) -> Vec<u8> {
    let users = users.iter().map(|user| (USER, PASS, *user));
    let entries = std::iter::once((OWNER, ALL, NOBODY))
        .chain(users)
        .chain([(GROUP, NOTHING, NOBODY), (MASK, PASS, NOBODY)])
        .chain([(OTHERS, NOTHING, NOBODY)]);
    let mut list = VERSION.to_le_bytes().to_vec();
    for (kind, rights, user) in entries {
        list.extend(kind.to_le_bytes());
        list.extend(rights.to_le_bytes());
        list.extend(user.to_le_bytes());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_admitted_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        for (more, all) in [(33, vec![33]), (1, vec![1, 33]), (33, vec![1, 33])] {
            admit(folder.path(), &BTreeSet::from([more])).unwrap();
            let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
            let mut found = [0; 256];
            match getxattr(folder.path(), NAME, &mut found[..]) {
                Ok(length) => assert_eq!(read(&found[..length]).collect::<Vec<_>>(), all),
                Err(Errno::OPNOTSUPP) => return assert_eq!(mode & 0o777, THROUGH),
                Err(error) => panic!("{error}"),
            }
            // If a folder has an access control list, the group bits of its mode show the list's
            // mask.
            assert_eq!(mode & 0o777, 0o710);
        }
    }
}
