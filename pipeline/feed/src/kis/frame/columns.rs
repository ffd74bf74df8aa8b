//! Where the columns stand that a tick is made of. Names and places are the portal's, as of 2026-11.

use crate::kis::Tr;

/// Where a stream keeps what a tick needs. Names and places are the portal's.
pub(super) struct Columns {
    /// The issue code, or overseas the realtime key with the exchange inside.
    pub(super) key: Column,
    pub(super) symbol: Column,
    pub(super) date: Column,
    pub(super) time: Column,
    pub(super) price: Column,
    pub(super) volume: Column,
    pub(super) cum_volume: Column,
    pub(super) cum_value: Column,
    /// Executions of the day that sellers and that buyers started.
    pub(super) counts: Option<[Column; 2]>,
    pub(super) side: Option<Column>,
    pub(super) phase: Column,
}

/// Its place in the record, from 0, and its name.
#[derive(Clone, Copy)]
pub(super) struct Column(pub(super) usize, pub(super) &'static str);

impl Columns {
    pub(super) fn of(tr: Tr) -> &'static Columns {
        match tr {
            Tr::H0stcnt0 | Tr::H0nxcnt0 | Tr::H0uncnt0 => &DOMESTIC,
            Tr::Hdfscnt0 => &OVERSEAS,
        }
    }
}

const DOMESTIC: Columns = Columns {
    key: Column(0, "MKSC_SHRN_ISCD"),
    symbol: Column(0, "MKSC_SHRN_ISCD"),
    date: Column(33, "BSOP_DATE"),
    time: Column(1, "STCK_CNTG_HOUR"),
    price: Column(2, "STCK_PRPR"),
    volume: Column(12, "CNTG_VOL"),
    cum_volume: Column(13, "ACML_VOL"),
    cum_value: Column(14, "ACML_TR_PBMN"),
    counts: Some([Column(15, "SELN_CNTG_CSNU"), Column(16, "SHNU_CNTG_CSNU")]),
    side: Some(Column(21, "CCLD_DVSN")),
    phase: Column(34, "NEW_MKOP_CLS_CODE"),
};

/// Date and time are the Korean ones (KYMD, KHMS): the local ones would need each exchange's daylight saving.
const OVERSEAS: Columns = Columns {
    key: Column(0, "RSYM"),
    symbol: Column(1, "SYMB"),
    date: Column(6, "KYMD"),
    time: Column(7, "KHMS"),
    price: Column(11, "LAST"),
    volume: Column(19, "EVOL"),
    cum_volume: Column(20, "TVOL"),
    cum_value: Column(21, "TAMT"),
    counts: None,
    side: None,
    phase: Column(25, "MTYP"),
};
