//! Machine code on disk: a file for each source and architecture, with the code of its groups of kernels. A file that cannot be read, is of something else or is
//! damaged is as none, and one that cannot be written is not missed. Processes may read and write at the same time.

use std::fs;
use std::hash::Hasher;
use std::path::PathBuf;

use fnv::FnvHasher;

/// The variable of the environment that names the folder; it may be `none`.
pub const VARIABLE: &str = "RKEOPS_CACHE";

/// What every file begins with.
const MAGIC: &[u8; 8] = b"rkeops 2";

/// A number that stands for bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FnvHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// The folder, if there is to be one.
pub fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    match set(VARIABLE) {
        Some(name) if name == "none" => None,
        Some(folder) => Some(folder.into()),
        None => {
            let home = set("HOME").or_else(|| set("USERPROFILE")).map(|home| PathBuf::from(home).join(".cache"));
            Some(set("XDG_CACHE_HOME").map(PathBuf::from).or(home)?.join("rkeops"))
        }
    }
}

fn place(key: &str) -> Option<PathBuf> {
    Some(folder()?.join(format!("{:016x}.cubin", hash(key.as_bytes()))))
}

/// The words before the key and the code: the lengths of both, and a hash of the code.
fn head(key: &str, code: &[u8]) -> Vec<u8> {
    let words = [key.len() as u64, code.len() as u64, hash(code)];
    [MAGIC.as_slice(), words.map(u64::to_le_bytes).as_flattened()].concat()
}

/// What was compiled before.
pub fn find<const GROUPS: usize>(key: &str) -> Option<[Vec<u8>; GROUPS]> {
    let bytes = fs::read(place(key)?).ok()?;
    let start = MAGIC.len() + 3 * size_of::<u64>() + key.len();
    let code = bytes.get(start..)?;
    let is_whole = bytes[..start] == [head(key, code).as_slice(), key.as_bytes()].concat();
    let (lengths, mut code) = code.split_at_checked(GROUPS * size_of::<u64>()).filter(|_| is_whole)?;
    let mut groups = std::array::from_fn(|_| Vec::new());
    for (group, length) in groups.iter_mut().zip(lengths.as_chunks().0) {
        let (own, others) = code.split_at_checked(u64::from_le_bytes(*length) as usize)?;
        (*group, code) = (own.to_vec(), others);
    }
    Some(groups)
}

/// Keeps what was compiled. A file appears whole or not at all.
pub fn keep<const GROUPS: usize>(key: &str, groups: [&[u8]; GROUPS]) {
    let Some(place) = place(key) else { return };
    let own = place.with_extension(format!("{}-{:?}", std::process::id(), std::thread::current().id()));
    let lengths = groups.map(|group| (group.len() as u64).to_le_bytes());
    let code = [lengths.as_flattened(), &groups.concat()].concat();
    let bytes = [head(key, &code).as_slice(), key.as_bytes(), &code].concat();
    let kept = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&own, bytes));
    if kept.and_then(|()| fs::rename(&own, &place)).is_err() {
        let _ = fs::remove_file(&own);
    }
}
