// Why a credential is not good; crates/credential keeps the same ones apart.

/** A proof that does not hold. */
export class Bad extends Error {}

/** A proof that nothing is said of: it may be good, it may be bad. */
export class Unchecked extends Error {}

/** What looks like a credential and is not read as one. */
export class NotRead extends Error {}
