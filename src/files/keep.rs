//! What belongs to a file and not to its text: owner, group, mode, ACL, extended attributes (P7).

use std::collections::BTreeSet;
use std::ffi::CString;
use std::os::fd::OwnedFd;

use rustix::fs::{Gid, Mode, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr, fremovexattr, fsetxattr, fstat};
use rustix::io::{Errno, retry_on_intr};

use super::target::Old;

/// The ACL, as an attribute.
const ACL: &[u8] = b"system.posix_acl_access";
/// Made from the content or by the kernel: a copy would be wrong.
const NOT_OURS: [&[u8]; 2] = [b"security.ima", b"security.evm"];
/// An attribute may have this many bytes, a list of names as well (Linux).
const MOST: usize = 64 << 10;

/// Gives the new file all that belonged to the old one.
pub(super) fn keep(old: &Old, new: &OwnedFd) -> Result<(), Errno> {
    let owned = own(old, new)?;
    attributes(&old.file, new)?;
    // Last: a change of owner clears bits, and the ACL's mask is the group's bits.
    let mut mode = old.stat.st_mode & 0o7777;
    if !owned.by_user || !owned.by_group {
        mode &= 0o1777;
    }
    if !owned.by_group {
        // Another group than before: it may do what everybody may.
        mode &= !0o070 | (mode & 0o007) << 3;
    }
    fchmod(new, Mode::from_raw_mode(mode as _))
}

struct Owned {
    by_user: bool,
    by_group: bool,
}

fn own(old: &Old, new: &OwnedFd) -> Result<Owned, Errno> {
    let now = fstat(new)?;
    let mut owned = Owned { by_user: now.st_uid == old.stat.st_uid, by_group: now.st_gid == old.stat.st_gid };
    let (user, group) = (Uid::from_raw(old.stat.st_uid), Gid::from_raw(old.stat.st_gid));
    // Apart: the group may often be given where the owner may not.
    if !owned.by_group {
        owned.by_group = allowed(fchown(new, None, Some(group)))?;
    }
    if !owned.by_user {
        owned.by_user = allowed(fchown(new, Some(user), None))?;
    }
    Ok(owned)
}

fn attributes(old: &OwnedFd, new: &OwnedFd) -> Result<(), Errno> {
    let (had, has) = (names(old)?, names(new)?);
    // What the folder gave the new file and the old one did not have: a default ACL would let others in.
    for name in has.difference(&had).filter(|name| is_kept(name.as_bytes())) {
        optional(name.as_bytes(), fremovexattr(new, name.as_c_str()))?;
    }
    for name in had.iter().filter(|name| is_kept(name.as_bytes())) {
        if let Some(value) = optional(name.as_bytes(), value(old, name))? {
            optional(name.as_bytes(), fsetxattr(new, name.as_c_str(), &value, XattrFlags::empty()))?;
        }
    }
    Ok(())
}

fn is_kept(name: &[u8]) -> bool {
    !NOT_OURS.contains(&name)
}

fn names(file: &OwnedFd) -> Result<BTreeSet<CString>, Errno> {
    let mut list = vec![0_u8; MOST];
    match retry_on_intr(|| flistxattr(file, list.as_mut_slice())) {
        Ok(len) => {
            let names = list.get(..len).unwrap_or_default().split(|&byte| byte == 0).filter(|name| !name.is_empty());
            Ok(names.filter_map(|name| CString::new(name).ok()).collect())
        }
        Err(Errno::NOTSUP | Errno::NOSYS) => Ok(BTreeSet::new()),
        Err(errno) => Err(errno),
    }
}

fn value(file: &OwnedFd, name: &CString) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0_u8; MOST];
    let len = retry_on_intr(|| fgetxattr(file, name.as_c_str(), value.as_mut_slice()))?;
    value.truncate(len);
    Ok(value)
}

/// The user's own attributes and the ACL must be kept; those of the system are, where it lets us.
fn optional<T>(name: &[u8], done: Result<T, Errno>) -> Result<Option<T>, Errno> {
    let must = name == ACL || name.starts_with(b"user.");
    match done {
        Ok(done) => Ok(Some(done)),
        // Gone meanwhile, or never more than told.
        Err(Errno::NODATA) => Ok(None),
        Err(Errno::PERM | Errno::ACCESS | Errno::NOTSUP | Errno::INVAL) if !must => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn allowed(done: Result<(), Errno>) -> Result<bool, Errno> {
    match done {
        Ok(()) => Ok(true),
        // EINVAL: an id that this user namespace does not have.
        Err(Errno::PERM | Errno::ACCESS | Errno::INVAL | Errno::NOTSUP) => Ok(false),
        Err(errno) => Err(errno),
    }
}
