//! A sealed file of any format: its block is read, written and read again; then it is opened with a wrong key in every way round the MAC.
#![no_main]

use leafcrypt::formats::{Format, Tree};
use leafcrypt::keys::DataKey;
use leafcrypt::manners::{LEAFCRYPT, SOPS};
use leafcrypt::metadata::Metadata;
use leafcrypt::sealed_file::{OpenHow, SealedFile};
use leafcrypt_fuzz::FORMATS;
use leafcrypt_fuzz::whole::{Known, world};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    for format in FORMATS.into_iter().chain([Format::Binary]) {
        let _ = SealedFile::parse(format, text, &SOPS);
        let Ok(file) = SealedFile::parse(format, text, &LEAFCRYPT) else { continue };
        let (shape, metadata) = (file.format().shape(), file.metadata());
        let fields = Tree::map(metadata.fields(shape));
        let again = Metadata::read(&fields, shape).expect("what was read and written is read again");
        assert_eq!(Tree::map(again.fields(shape)), fields, "and says the same");
        let mut ignoring = OpenHow::default();
        ignoring.ignore_mac = true;
        for how in [ignoring, OpenHow::default().accepting(), OpenHow::default().completing()] {
            let file = SealedFile::parse(format, text, &LEAFCRYPT).expect("it was read");
            let key = DataKey::from_bytes(vec![7; 32]).expect("it has 32 bytes");
            let Ok(mut open) = file.open_with(key, &LEAFCRYPT, &how) else { continue };
            open.renew_mac();
            let _ = open.seal(&world(&Known::new(1)));
        }
    }
});
