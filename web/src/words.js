// What people read, in English and Indonesian. Verdicts have the words of docs/formats/finding.md; here they are whole sentences.

import { visible } from "./visible.js";

/** @typedef {"en" | "id"} Language */
/** @typedef {Record<string, string>} Words */

/** @type {Words} */
const en = {
  title: "Check a certificate",
  lead: "Open the certificate that you were shown. It is checked on this device; nothing is sent anywhere.",
  skip: "Skip to the result",
  choose: "Choose a file",
  drop: "or drop it here: PDF, credential and receipt, ZIP",
  paste: "Paste a link, the digits of a code, or a receipt",
  check: "Check",
  camera: "Scan with the camera",
  "camera-stop": "Stop the camera",
  "camera-none": "This browser reads no codes. Scan the code with your phone's camera app, or choose the file.",
  "camera-denied": "The camera cannot be used. Scan the code with your phone's camera app, or choose the file.",
  another: "Check another",
  working: "Checking…",
  language: "Bahasa Indonesia",
  "no-crypto": "This browser cannot check signatures. Use a current Chrome, Firefox, Safari or Edge, and open the page over https.",
  trust: "Trusted for checking",
  "trust-none": "This page knows no consortium yet. Choose the genesis or trust file that you got from somebody you trust.",
  "trust-choose": "Use another genesis or trust file",
  "trust-genesis": "{name}, from its genesis only",
  "trust-file": "{name}, up to {time} ({age})",
  fingerprint: "Fingerprint, to compare with the one that the consortium publishes",
  "page-hash": "Every copy of this page has the same files; page.sha256 beside it has their hashes, to compare with those that the consortium publishes.",

  "verdict-active": "Valid: this certificate is active.",
  "verdict-confirmed": "Valid: active, and the issuer has confirmed it.",
  "verdict-suspended": "Suspended: not to be relied on for now.",
  "verdict-disputed": "Disputed: it was entered while somebody else may have had the issuer's key. Ask the issuer.",
  "verdict-revoked": "Revoked: the issuer has withdrawn it for ever.",
  "verdict-expired": "Expired: its own end date is over.",
  "verdict-not-yet": "Not yet valid: its own start date lies ahead.",
  "verdict-dates": "Not proven: a date of its own cannot be read.",
  "verdict-tampered": "Tampered: the certificate or its proof was changed.",
  "verdict-not-proven": "Not proven: something is missing, or contradicts what is known.",
  "verdict-needs-history-path": "Not proven: the receipt is too old for its signatures. Ask the holder for a renewed receipt.",
  "verdict-foreign-chain": "From another consortium: this page cannot say anything about it.",
  "verdict-renew": "Could not be checked: this page's trust file must be renewed. Load the page again.",
  "verdict-clock": "Could not be checked: this device's clock is wrong. Set it, and load the page again.",
  "verdict-needs-trust-file": "Could not be checked: a trust file of the consortium is needed.",
  "verdict-needs-newer-verifier": "Could not be checked: a newer version of this page is needed.",
  "verdict-endorsement": "Valid: this is an endorsement of another document, not a certificate.",
  "verdict-alone": "Valid as a certificate of {name} alone: it names others who are not shown to have signed it.",
  "verdict-mixed": "These files belong to different certificates. Each is judged by itself below.",
  "verdict-mixed-one": "Valid by itself, but it lies among the files of another certificate.",
  "verdict-unread": "Could not be checked: {why}",
  "why-document-needed": "The receipt alone proves nothing. Choose it together with the certificate's file.",
  "why-box-missing": "Nothing lies behind this link. It may have been deleted; that says nothing about the certificate.",
  "why-offline": "There is no connection to the issuer's site. Choose the file, or scan the larger code.",
  "why-unreachable": "no connection",
  "why-code-site": "A link can only be opened on the issuer's own site. Open the link itself in this browser.",

  "as-of": "As of {time} ({age})",
  "asked-now": "asked just now at {source}",
  "not-asked": "not asked since",
  unanswered: "the status now could not be had: {why}",
  "not-seen": "Only what is shown here is proved. Anything else printed on the paper was not seen.",
  who: "Holder", what: "Certificate", when: "Awarded on", by: "Issued by", credits: "Credits", number: "Number", level: "Level",
  from: "Valid from", until: "Valid until", programme: "Programme", file: "File", entered: "In the ledger since, at the latest",
  "no-facts": "Proved is the file itself: what it says is in the file.",
  "standing-frozen": "its keys are frozen", "standing-suspended": "suspended by the consortium", "standing-retired": "has left the consortium",
  agrees: "The file names this university as its issuer.",
  "institutions-title": "Who stands behind it",
  "institution-entered": "{name} entered it in the ledger.",
  "institution-signed": "{name} has signed this file ({file}).",
  "institution-achievement": "{name} has not signed this certificate: its endorsement is of the achievement, whoever is awarded it ({file}).",
  "institution-id": "{name} has not signed this file: its endorsement is of whatever has the same id ({file}).",
  "institution-not-good": "{name} has not signed this file: its endorsement does not hold ({file}).",
  "institution-named-only": "{name} has not signed: only the issuer names it. If it has endorsed this file, open the endorsement with it.",
  "institution-more": "The file names more institutions than are read.",
  "checks-title": "Every check",
  ok: "holds", failed: "does not hold",
  "open-title": "What this does not prove",
  "details-title": "Details and evidence",
  download: "Download the evidence", "detail-block": "Block", "detail-index": "Log index", "detail-commitment": "Commitment",
  "detail-signed": "Signed by", "detail-of": "{signed} of {validators}: {names}", "detail-reason": "Reason", "detail-dates": "Dates that cannot be read", "detail-rests": "Rests on",
  "rests-genesis": "genesis only", "rests-file": "the trust file of block {height}",

  "proves-encoding": "The receipt can be read to its end.",
  "proves-header": "The block's header is well formed.",
  "proves-chain": "It belongs to this consortium.",
  "proves-anchor": "What is trusted reaches the block, and is recent enough.",
  "proves-validators": "The validators are those of that time.",
  "proves-certificate": "More than two thirds of them signed the block.",
  "proves-history": "The block is in the history that is trusted.",
  "proves-inclusion": "The issuer entered it in the ledger.",
  "proves-issuer": "The issuer's name and standing are those of the register.",
  "proves-status": "Its status is the one of the block.",
  "proves-state": "Statuses and register are those of the block.",
  "proves-document": "The file is the one that was issued.",
  "proves-summary": "The summary is the one that was issued, and contradicts nothing.",
  "proves-issuer-id": "The issuer that the file names is this university.",
  "proves-online": "The status comes from the newest block of the export.",

  "open-document-not-seen": "anything of the certificate beyond what is shown here",
  "open-holder-not-checked": "that the person who shows it is its holder",
  "open-summary-without-rule": "that the file says what the summary says: no rule compares them",
  "open-issuer-not-named": "that the file speaks of this university: it names no issuer that can be compared",
  "open-status-after": "the status after the time given above",
  "open-truth": "that what it says is true, or who is showing it",

  explorer: "The ledger", "explorer-lead": "Blocks and members as of the last block. Every number is checked in this browser, or marked.",
  "explorer-none": "This page has no export to ask, or no consortium.", "explorer-error": "Could not be checked: {why}",
  "explorer-head": "Block {height} of {time} ({age}), signed by {signed} of {validators} validators; {entries} entries in the log.",
  members: "Members", "member-name": "Name", "member-standing": "Standing", "member-entries": "Entries about it", "standing-since": "{standing} since block {height}",
  "member-role": "Role: {role}", "role-observer": "observer", "role-issuer": "issuer", "role-validator": "validator",
  "member-keys": "Keys, now and before", "member-key": "Key", "member-range": "Log indices", "member-ids": "Names as an issuer", "member-disputed": "Disputed: {range}",
  range: "from {from}, before {until}", "range-open": "from {from}", "key-governance": "governance", "key-issuing": "issuing", "key-consensus": "consensus", "key-network": "network",
  "counts-do": "Count what it issued, from its {entries} entries", "counts-unavailable": "What it issued can be counted at a node.",
  counts: "Issued {issued}, counted from every entry as of block {height}: {active} active, {confirmed} confirmed, {suspended} suspended, {disputed} disputed, {revoked} revoked.",
  "standing-active": "active", blocks: "Last blocks", "block-time": "Time", "block-log": "Entries", "block-hash": "Hash",

  "age-now": "just now", "age-ahead": "ahead of this device's clock: check the clock", "age-past": "{amount} ago",
  days: "{n} days", day: "1 day", hours: "{n} hours", hour: "1 hour", minutes: "{n} minutes", minute: "1 minute",
};

/** @type {Words} */
const id = {
  title: "Periksa sertifikat",
  lead: "Buka sertifikat yang ditunjukkan kepada Anda. Pemeriksaan berlangsung di perangkat ini; tidak ada yang dikirim ke mana pun.",
  skip: "Langsung ke hasil",
  choose: "Pilih berkas",
  drop: "atau letakkan di sini: PDF, kredensial beserta tanda terimanya, ZIP",
  paste: "Tempelkan tautan, angka sebuah kode, atau tanda terima",
  check: "Periksa",
  camera: "Pindai dengan kamera",
  "camera-stop": "Hentikan kamera",
  "camera-none": "Peramban ini tidak membaca kode. Pindai kodenya dengan aplikasi kamera ponsel, atau pilih berkasnya.",
  "camera-denied": "Kamera tidak dapat digunakan. Pindai kodenya dengan aplikasi kamera ponsel, atau pilih berkasnya.",
  another: "Periksa yang lain",
  working: "Memeriksa…",
  language: "English",
  "no-crypto": "Peramban ini tidak dapat memeriksa tanda tangan. Gunakan Chrome, Firefox, Safari atau Edge terkini, dan buka halaman ini melalui https.",
  trust: "Dasar kepercayaan",
  "trust-none": "Halaman ini belum mengenal satu konsorsium pun. Pilih genesis atau berkas kepercayaan dari pihak yang Anda percayai.",
  "trust-choose": "Gunakan genesis atau berkas kepercayaan lain",
  "trust-genesis": "{name}, dari genesis saja",
  "trust-file": "{name}, sampai {time} ({age})",
  fingerprint: "Sidik, untuk dibandingkan dengan yang diumumkan konsorsium",
  "page-hash": "Semua salinan halaman ini memiliki berkas yang sama; page.sha256 di sampingnya memuat hash-nya, untuk dibandingkan dengan yang diumumkan konsorsium.",

  "verdict-active": "Sah: sertifikat ini aktif.",
  "verdict-confirmed": "Sah: aktif, dan dikukuhkan penerbitnya.",
  "verdict-suspended": "Ditangguhkan: untuk sementara tidak dapat diandalkan.",
  "verdict-disputed": "Dipersengketakan: dimasukkan ketika pihak lain mungkin memegang kunci penerbit. Tanyakan kepada penerbit.",
  "verdict-revoked": "Dicabut: penerbit telah menariknya untuk selamanya.",
  "verdict-expired": "Tidak berlaku lagi: tanggal akhirnya sudah lewat.",
  "verdict-not-yet": "Belum berlaku: tanggal mulainya belum tiba.",
  "verdict-dates": "Tidak terbukti: ada tanggalnya yang tidak dapat dibaca.",
  "verdict-tampered": "Telah diubah: sertifikat atau buktinya tidak lagi asli.",
  "verdict-not-proven": "Tidak terbukti: ada yang kurang, atau bertentangan dengan yang diketahui.",
  "verdict-needs-history-path": "Tidak terbukti: tanda terimanya terlalu lama. Mintalah tanda terima yang diperbarui kepada pemegangnya.",
  "verdict-foreign-chain": "Dari konsorsium lain: halaman ini tidak dapat menilai sertifikat itu.",
  "verdict-renew": "Tidak dapat diperiksa: berkas kepercayaan halaman ini perlu diperbarui. Muat ulang halaman.",
  "verdict-clock": "Tidak dapat diperiksa: jam perangkat ini salah. Setel jamnya, lalu muat ulang halaman.",
  "verdict-needs-trust-file": "Tidak dapat diperiksa: diperlukan berkas kepercayaan konsorsium.",
  "verdict-needs-newer-verifier": "Tidak dapat diperiksa: diperlukan versi halaman yang lebih baru.",
  "verdict-endorsement": "Sah: ini dukungan atas dokumen lain, bukan sertifikat.",
  "verdict-alone": "Sah sebagai sertifikat {name} saja: lembaga lain yang disebutnya belum terbukti menandatanganinya.",
  "verdict-mixed": "Berkas-berkas ini milik sertifikat yang berbeda. Masing-masing dinilai sendiri di bawah.",
  "verdict-mixed-one": "Sah dengan sendirinya, tetapi terletak di antara berkas sertifikat lain.",
  "verdict-unread": "Tidak dapat diperiksa: {why}",
  "why-document-needed": "Tanda terima saja tidak membuktikan apa pun. Pilihlah bersama berkas sertifikatnya.",
  "why-box-missing": "Tidak ada apa pun di balik tautan ini. Mungkin sudah dihapus; itu tidak berarti sertifikatnya tidak sah.",
  "why-offline": "Tidak ada sambungan ke situs penerbit. Pilih berkasnya, atau pindai kode yang lebih besar.",
  "why-unreachable": "tidak ada sambungan",
  "why-code-site": "Tautan hanya dapat dibuka di situs penerbitnya. Bukalah tautan itu sendiri di peramban ini.",

  "as-of": "Per {time} ({age})",
  "asked-now": "baru saja ditanyakan ke {source}",
  "not-asked": "tidak ditanyakan lagi sejak itu",
  unanswered: "status saat ini tidak dapat diperoleh: {why}",
  "not-seen": "Yang terbukti hanyalah yang tertulis di sini. Tulisan lain pada kertas tidak dilihat.",
  who: "Pemegang", what: "Sertifikat", when: "Diberikan pada", by: "Diterbitkan oleh", credits: "Kredit", number: "Nomor", level: "Jenjang",
  from: "Berlaku sejak", until: "Berlaku sampai", programme: "Program", file: "Berkas", entered: "Ada di buku besar selambat-lambatnya",
  "no-facts": "Yang terbukti adalah berkasnya: isinya ada di dalam berkas itu.",
  "standing-frozen": "kuncinya dibekukan", "standing-suspended": "ditangguhkan konsorsium", "standing-retired": "telah keluar dari konsorsium",
  agrees: "Berkas itu menyebut universitas ini sebagai penerbitnya.",
  "institutions-title": "Siapa yang menjaminnya",
  "institution-entered": "{name} memasukkannya ke dalam buku besar.",
  "institution-signed": "{name} menandatangani berkas ini ({file}).",
  "institution-achievement": "{name} tidak menandatangani sertifikat ini: yang didukungnya adalah capaiannya, siapa pun penerimanya ({file}).",
  "institution-id": "{name} tidak menandatangani berkas ini: yang didukungnya adalah apa pun yang memiliki id sama ({file}).",
  "institution-not-good": "{name} tidak menandatangani berkas ini: dukungannya tidak berlaku ({file}).",
  "institution-named-only": "{name} tidak menandatangani: hanya penerbit yang menyebutnya. Jika ia mendukung berkas ini, buka dukungannya bersama berkas ini.",
  "institution-more": "Berkas itu menyebut lebih banyak lembaga daripada yang dibaca.",
  "checks-title": "Semua pemeriksaan",
  ok: "benar", failed: "tidak benar",
  "open-title": "Yang tidak dibuktikan",
  "details-title": "Rincian dan bukti",
  download: "Unduh bukti", "detail-block": "Blok", "detail-index": "Nomor entri", "detail-commitment": "Komitmen",
  "detail-signed": "Ditandatangani", "detail-of": "{signed} dari {validators}: {names}", "detail-reason": "Sebab", "detail-dates": "Tanggal yang tidak terbaca", "detail-rests": "Bersandar pada",
  "rests-genesis": "genesis saja", "rests-file": "berkas kepercayaan dari blok {height}",

  "proves-encoding": "Tanda terima terbaca sampai akhir.",
  "proves-header": "Kepala blok berbentuk benar.",
  "proves-chain": "Berasal dari konsorsium ini.",
  "proves-anchor": "Yang dipercaya menjangkau blok itu, dan cukup baru.",
  "proves-validators": "Para validatornya adalah validator pada saat itu.",
  "proves-certificate": "Lebih dari dua pertiga validator menandatangani blok itu.",
  "proves-history": "Blok itu ada dalam riwayat yang dipercaya.",
  "proves-inclusion": "Penerbit memasukkannya ke dalam buku besar.",
  "proves-issuer": "Nama dan kedudukan penerbit sesuai daftar anggota.",
  "proves-status": "Statusnya adalah status per blok itu.",
  "proves-state": "Status dan daftar anggota adalah milik blok itu.",
  "proves-document": "Berkas inilah yang diterbitkan.",
  "proves-summary": "Ringkasan inilah yang diterbitkan, dan tidak bertentangan dengan apa pun.",
  "proves-issuer-id": "Penerbit yang disebut berkas adalah universitas ini.",
  "proves-online": "Statusnya berasal dari blok terbaru ekspor.",

  "open-document-not-seen": "isi sertifikat selain yang tertulis di sini",
  "open-holder-not-checked": "bahwa yang menunjukkannya adalah pemegangnya",
  "open-summary-without-rule": "bahwa berkas menyatakan isi ringkasan: tidak ada aturan untuk membandingkannya",
  "open-issuer-not-named": "bahwa berkas berbicara tentang universitas ini: tidak ada nama penerbit yang dapat dibandingkan",
  "open-status-after": "status setelah waktu yang tertulis di atas",
  "open-truth": "bahwa isinya benar, atau siapa yang menunjukkannya",

  explorer: "Buku besar", "explorer-lead": "Blok dan anggota per blok terakhir. Setiap angka diperiksa di peramban ini, atau ditandai.",
  "explorer-none": "Halaman ini tidak memiliki ekspor untuk ditanyai, atau konsorsium.", "explorer-error": "Tidak dapat diperiksa: {why}",
  "explorer-head": "Blok {height} dari {time} ({age}), ditandatangani {signed} dari {validators} validator; {entries} entri dalam log.",
  members: "Anggota", "member-name": "Nama", "member-standing": "Kedudukan", "member-entries": "Entri tentangnya", "standing-since": "{standing} sejak blok {height}",
  "member-role": "Peran: {role}", "role-observer": "pengamat", "role-issuer": "penerbit", "role-validator": "validator",
  "member-keys": "Kunci, kini dan dulu", "member-key": "Kunci", "member-range": "Indeks log", "member-ids": "Nama sebagai penerbit", "member-disputed": "Dipersengketakan: {range}",
  range: "dari {from}, sebelum {until}", "range-open": "dari {from}", "key-governance": "tata kelola", "key-issuing": "penerbitan", "key-consensus": "konsensus", "key-network": "jaringan",
  "counts-do": "Hitung yang diterbitkannya, dari {entries} entri", "counts-unavailable": "Yang diterbitkannya dapat dihitung di sebuah node.",
  counts: "Diterbitkan {issued}, dihitung dari semua entri per blok {height}: {active} aktif, {confirmed} dikonfirmasi, {suspended} ditangguhkan, {disputed} dipersengketakan, {revoked} dicabut.",
  "standing-active": "aktif", blocks: "Blok terakhir", "block-time": "Waktu", "block-log": "Entri", "block-hash": "Hash",

  "age-now": "baru saja", "age-ahead": "di depan jam perangkat ini: periksa jamnya", "age-past": "{amount} lalu",
  days: "{n} hari", day: "1 hari", hours: "{n} jam", hour: "1 jam", minutes: "{n} menit", minute: "1 menit",
};

export const WORDS_OF = { en, id };

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const CLOCKS_APART_S = 120;

/** @param {Language} language */
export function speaker(language) {
  /** @param {string} key @param {Record<string, string | number>} [values] */
  const say = (key, values = {}) => {
    const words = WORDS_OF[language][key];
    if (words === undefined) throw new RangeError(`no words for ${key}`);
    return words.replace(/\{(\w+)\}/g, (_, name) => visible(String(values[name])));
  };
  const locale = language === "en" ? "en-GB" : "id";
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
  return {
    say,
    /** @param {number} ms */
    time: (ms) => `${dates.format(ms)} UTC`,
    /** `YYYY-MM-DD`, as a proved text has it; not every such text is a day of the calendar. @param {string} text */
    day: (text) => (Number.isNaN(Date.parse(text)) ? text : days.format(Date.parse(text))),
    /** How long ago. @param {number} ms @param {number} nowMs */
    age(ms, nowMs) {
      const seconds = Math.floor((nowMs - ms) / 1000);
      if (seconds < -CLOCKS_APART_S) return say("age-ahead");
      if (seconds < MINUTE) return say("age-now");
      const [unit, length] = seconds >= DAY ? ["day", DAY] : seconds >= HOUR ? ["hour", HOUR] : ["minute", MINUTE];
      const n = Math.floor(seconds / Number(length));
      return say("age-past", { amount: n === 1 ? say(String(unit)) : say(`${unit}s`, { n }) });
    },
  };
}
