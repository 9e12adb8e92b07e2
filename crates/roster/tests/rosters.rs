//! Rosters, columns and templates together: what is proposed, and every fault by line and column.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use sanad_roster::{Columns, Place, Table, Template, propose, read_table};

const ROSTER: &str = "\
Daftar Peserta Kursus;;;;;;
Nomor Sertifikat;Nama Lengkap;NIM;E-mail;Tanggal Lulus;SKS;Nilai
UM/2026/001;Siti Nur'aini;0020260001;siti@univ-merapi.example;20/11/2026;3,5;A
UM/2026/002;Suharto;0020260002;;20 November 2026;3;B+
UM/2026/003;عبد الرحمن;0020260003;rahman@univ-merapi.example;2026-11-20;3;
";

fn table(text: &str) -> Table {
    read_table(text.as_bytes(), &Place::default()).unwrap()
}

#[test]
fn a_proposal_fits_its_roster() {
    let table = table(ROSTER);
    let issuer = Some(("did:web:univ-merapi.example", "Universitas Merapi"));
    let proposal = propose(&table, &Place::default(), issuer);
    let fields: Vec<&str> = proposal.fields.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["number", "name", "student_number", "email", "awarded", "credits", "grade"]);
    assert_eq!(proposal.fields[1].first, "Siti Nur'aini");
    assert!(proposal.open.is_empty() && !proposal.columns_toml.contains("to_confirm"));
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    let rows = columns.read_rows(&table).unwrap();
    assert_eq!((rows.learners.len(), rows.same_person.len()), (3, 0));
    assert_eq!(columns.award(&rows.learners[0]), ["UM/2026/001"]);
    assert_eq!(columns.name(&rows.learners[2]), "عبد الرحمن");
    // It says what people still have to write, and nothing else is wrong with it.
    let faults = Template::from_json(proposal.template_json.as_bytes(), &columns).unwrap_err();
    assert_eq!(faults.len(), proposal.to_write);
    assert!(faults.iter().all(|fault| fault.to_string().contains("is yet to be written")), "{faults:?}");
    let written = proposal.template_json.replace("TODO: ", "");
    let template = Template::from_json(written.as_bytes(), &columns).unwrap();
    let filled = template.fill(&rows.learners[1]);
    assert_eq!(filled["validFrom"], "2026-11-20T00:00:00+07:00");
    assert_eq!(filled["credentialSubject"]["identifier"].as_array().unwrap().len(), 2, "no e-mail");
    assert_eq!(filled["credentialSubject"]["creditsEarned"], 3);
}

#[test]
fn dates_with_the_month_first_are_found_out() {
    let proposal =
        propose(&table("Nama,NIM,Tanggal\nSiti,1,11/20/2026\nMade,2,01/02/2026\n"), &Place::default(), None);
    assert!(proposal.columns_toml.contains("date_order = \"month-day-year\""));
    assert!(Columns::from_toml(&proposal.columns_toml).is_ok());
}

#[test]
fn dates_that_could_be_two_days_are_said_once_for_each_column() {
    let said = |order: &str, dates: [&str; 4]| -> Vec<String> {
        let rows: Vec<String> =
            dates.iter().enumerate().map(|(row, date)| format!("{row},Siti {date},{date},A\n")).collect();
        let table = table(&format!("NIM,Nama,Tanggal Lulus,Nilai\n{}", rows.concat()));
        let columns = propose(&table, &Place::default(), None).columns_toml;
        let (before, after) = columns.split_once("date_order = \"").unwrap();
        let columns = format!("{before}date_order = \"{order}{}", &after[after.find('"').unwrap()..]);
        let rows = Columns::from_toml(&columns).unwrap().read_rows(&table).unwrap();
        rows.remarks.iter().map(ToString::to_string).collect()
    };
    let dates = ["20/11/2026", "03/04/2025", "2025-04-03", "1-2-2026"];
    let expected = "Tanggal Lulus: 2 dates could be read with the day or the month first, and are read as day/month/year: \
                    \"03/04/2025\" as 2025-04-03; if that is wrong, change date_order";
    assert_eq!(said("day-month-year", dates), [expected]);
    let expected = "Tanggal Lulus: 1 date could be read with the day or the month first, and is read as month/day/year: \
                    \"03/04/2025\" as 2025-03-04; if that is wrong, change date_order";
    let dates = ["11/20/2026", "03/04/2025", "04/04/2025", "3 April 2025"];
    assert_eq!(said("month-day-year", dates), [expected]);
    // The same day either way, or none at all in the other order.
    let none: [String; 0] = [];
    assert_eq!(said("day-month-year", ["13/04/2025", "03/03/2025", "2025/04/03", "3 April 2025"]), none);
}

#[test]
fn titles_of_any_kind_make_fields_or_none() {
    let header = "Nama,NIM,1st,\"a\"\"b\",日本,Nama,[x]\ny = 1,SKS,sks,\n";
    let proposal = propose(&table(&header.replace('\n', " ")), &Place::default(), None);
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    assert!(columns.fields().contains_key("column_1st"), "{}", proposal.columns_toml);
    assert_eq!(columns.fields()["a_b"].column, "a\"b");
}

/// The column of each of the learner's own fields, with `?` where it is to be confirmed, and the fields that are left open.
fn proposed(header: &str) -> (Vec<String>, Vec<String>) {
    let cells = vec!["x"; header.split(';').count()].join(";");
    let proposal = propose(&table(&format!("{header}\n{cells}\n")), &Place::default(), None);
    let own =
        ["name", "first_name", "last_name", "email", "awarded", "valid_until", "number", "student_number"];
    let own = proposal.fields.iter().filter(|one| own.contains(&one.field.as_str()));
    let fields: Vec<String> = own
        .map(|one| format!("{}={}{}", one.field, one.column, if one.to_confirm { "?" } else { "" }))
        .collect();
    let open = proposal.open.iter().map(|one| format!("{}: {}", one.field, one.candidates.join(", ")));
    // A file of columns that is proposed can be read, and says what is to be confirmed.
    if let Ok(columns) = Columns::from_toml(&proposal.columns_toml) {
        let guessed = fields.iter().filter(|field| field.ends_with('?')).count();
        assert_eq!(columns.to_confirm().count(), guessed, "{}", proposal.columns_toml);
    } else {
        assert!(proposal.columns_toml.contains("award = []"), "{}", proposal.columns_toml);
    }
    (fields, open.collect())
}

#[test]
fn no_column_of_another_person_or_another_day_is_proposed() {
    for (header, fields, open) in [
        (
            "Nama Ibu;Nama Mahasiswa;NIM;Tgl Lahir;Tanggal Kelulusan",
            "name=Nama Mahasiswa, student_number=NIM, awarded=Tanggal Kelulusan",
            "",
        ),
        (
            "Nama Dosen Pembimbing;Nama Lengkap;Email Wali;E-mail;Date of Birth;Tanggal Mulai;Tanggal Lulus",
            "name=Nama Lengkap, email=E-mail, awarded=Tanggal Lulus",
            "",
        ),
        (
            "Mother's Name;Father Name;Guardian E-mail;Advisor Name;Student Name;Date of Graduation;Start Date;Expiry Date",
            "name=Student Name, awarded=Date of Graduation, valid_until=Expiry Date",
            "",
        ),
        // camel case, and titles that are known in other cases
        (
            "NamaIbu;nama_lengkap;TGL_LAHIR;tglLulus;nim",
            "name=nama_lengkap, awarded=tglLulus, student_number=nim",
            "",
        ),
        // A guess is marked.
        (
            "Nama Calon;NIM;Tanggal Selesai",
            "name=Nama Calon?, student_number=NIM, awarded=Tanggal Selesai?",
            "",
        ),
        (
            "Nama;Nama Lengkap;NIM;Tanggal Lulus;Tanggal Wisuda",
            "name=Nama?, student_number=NIM, awarded=Tanggal Lulus?",
            "",
        ),
        // Several guesses are none.
        (
            "Nama A;Nama B;NIM;Tanggal Satu;Tanggal Dua",
            "student_number=NIM",
            "awarded: Tanggal Satu, Tanggal Dua; name: Nama A, Nama B",
        ),
        ("Nama Ibu;NIM;Tgl Lahir", "student_number=NIM", "awarded: Tgl Lahir; name: Nama Ibu"),
        (
            "Email Pribadi;Email Kampus;Nama;NIM;Tanggal",
            "name=Nama, student_number=NIM, awarded=Tanggal",
            "email: Email Pribadi, Email Kampus",
        ),
        (
            "First Name;Last Name;NIM;Tanggal Lulus",
            "first_name=First Name?, last_name=Last Name?, student_number=NIM, awarded=Tanggal Lulus",
            "",
        ),
        (
            "First Name;Last Name;Full Name;NIM;Date Awarded",
            "name=Full Name, student_number=NIM, awarded=Date Awarded",
            "",
        ),
        ("Nomor Induk Kependudukan;Nama;Tanggal", "name=Nama, awarded=Tanggal", ""),
    ] {
        let found = proposed(header);
        assert_eq!(
            (found.0.join(", "), found.1.join("; ")),
            (fields.to_owned(), open.to_owned()),
            "{header}"
        );
    }
}

#[test]
fn a_name_in_parts_is_put_together_and_no_credential_is_nameless() {
    let template = |roster: &str| propose(&table(roster), &Place::default(), None).template_json;
    let both = template("First Name;Last Name;NIM;Tanggal Lulus\nSiti;Aini;1;20/11/2026\n");
    assert!(both.contains("\"{{first_name}} {{last_name}}\""), "{both}");
    // Suharto has one name: the template would leave it out.
    let one =
        template("First Name;Last Name;NIM;Tanggal Lulus\nSiti;Aini;1;20/11/2026\nSuharto;;2;20/11/2026\n");
    assert!(
        one.contains("TODO: the learner's name: no column is surely it (First Name, Last Name)"),
        "{one}"
    );
    let none = template("Nama Ibu;NIM;Tgl Lahir\nSri;1;1/1/2000\n");
    assert!(none.contains("TODO: the learner's name: no column is surely it (Nama Ibu)"), "{none}");
    assert!(none.contains("TODO: the day of the award: no column is surely it (Tgl Lahir)"), "{none}");
}

#[test]
fn every_fault_is_named_by_line_and_column() {
    let proposal = propose(&table(ROSTER), &Place::default(), None);
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    let said = |from: &str, to: &str| -> Vec<String> {
        let table = table(&ROSTER.replace(from, to));
        columns.read_rows(&table).unwrap_err().iter().map(ToString::to_string).collect()
    };
    let found = said(
        "Siti Nur'aini;0020260001;siti@univ-merapi.example;20/11/2026;3,5",
        "Siti\u{202e};;siti;31/02/2026;tiga",
    );
    let expected = [
        "3: SKS: \"tiga\": it is not a number such as 3 or 3.5",
        "3: Nama Lengkap: \"Siti\\u{202E}\": it has a character that is not allowed (U+202E): it cannot be seen, or turns text around",
        "3: NIM: it is empty",
        "3: E-mail: \"siti\": it is not an e-mail address such as siti@univ-merapi.example",
        "3: Tanggal Lulus: \"31/02/2026\": it is not a date (20/11/2026, or 2026-11-20)",
    ];
    for line in expected {
        assert!(found.iter().any(|fault| fault == line), "{line} is in {found:#?}");
    }
    assert_eq!(found.len(), expected.len());
    assert_eq!(
        said("UM/2026/003", "UM/2026/001"),
        ["5: Nomor Sertifikat: \"UM/2026/001\": line 3 has the same award"]
    );
    assert_eq!(
        said("UM/2026/003", "um/2026/001"),
        [
            "5: Nomor Sertifikat: \"um/2026/001\": line 3 has the same award but for capitals, spaces or how its accents are encoded"
        ]
    );
    assert_eq!(said("Tanggal Lulus", "Tgl"), ["2: Tanggal Lulus: the header has no such column"]);
    assert_eq!(
        said("NIM;", "SKS;"),
        ["2: SKS: the header has this column twice", "2: NIM: the header has no such column"]
    );
    // A row that does not fit hides no other fault.
    let table_of = |text: &str| table(text);
    let torn = ROSTER.replace("UM/2026/001;", "").replace("20 November 2026", "besok");
    let found = columns.read_rows(&table_of(&torn)).unwrap_err();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found[0], "3: it has 6 cells, and the header has 7 columns");
    assert!(found.len() == 2 && found[1].starts_with("4: Tanggal Lulus: \"besok\""), "{found:?}");
    // Of many faults, those that are not named are counted.
    let mut many: String = ROSTER.lines().take(2).map(|line| format!("{line}\n")).collect();
    (0..3_000).for_each(|row| many += &format!("UM/{row};Siti;{row};;besok;3;A\n"));
    let found = columns.read_rows(&table_of(&many)).unwrap_err();
    assert_eq!((found.len(), found.more()), (1_000, 2_000));
    let head: Vec<&str> = ROSTER.lines().take(2).collect();
    let empty = read_table(head.join("\n").as_bytes(), &Place::default()).unwrap();
    assert_eq!(columns.read_rows(&empty).unwrap_err()[0].to_string(), "2: there is no row below the header");
}

#[test]
fn the_same_person_twice_is_noticed() {
    let proposal = propose(&table(ROSTER), &Place::default(), None);
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    let rows = columns.read_rows(&table(&ROSTER.replace("0020260003", "0020260001"))).unwrap();
    assert_eq!(rows.same_person, [(3, 5)]);
    let by_name = Columns::from_toml(
        &proposal.columns_toml.replace("person = [\"student_number\"]", "person = [\"name\"]"),
    );
    let rows = by_name.unwrap().read_rows(&table(&ROSTER.replace("Suharto", "SITI  nur'Aini"))).unwrap();
    assert_eq!(rows.same_person, [(3, 4)], "case and spaces do not tell people apart");
    let by_name = Columns::from_toml(
        &proposal.columns_toml.replace("person = [\"student_number\"]", "person = [\"name\"]"),
    );
    let accents = ROSTER.replace("Suharto", "Andre\u{301}").replace("Siti Nur'aini", "ANDR\u{c9}");
    let rows = by_name.unwrap().read_rows(&table(&accents)).unwrap();
    assert_eq!(rows.same_person, [(3, 4)], "nor does the encoding of accents");
}

/// One digit of a student number makes two people of one.
#[test]
fn the_same_name_and_address_with_another_number_is_noticed() {
    let proposal = propose(&table(ROSTER), &Place::default(), None);
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    let same = |name: &str, address: &str| {
        let twin = format!("{name};0020260002;{address}");
        let roster = ROSTER.replace("Suharto;0020260002;", &twin);
        let rows = columns.read_rows(&table(&roster)).unwrap();
        assert_eq!(rows.same_person, []);
        rows.same_contact
    };
    for name in ["Siti Nur'aini", "SITI\u{a0} nur'aini", " Siti  Nur'aini ", "\u{ff33}iti Nur'aini"] {
        for address in ["siti@univ-merapi.example", "Siti@Univ-Merapi.example"] {
            assert_eq!(same(name, address), [(3, 4)], "{name:?} {address}");
        }
    }
    assert_eq!(same("Suharto", "siti@univ-merapi.example"), [], "a family may share an address");
    assert_eq!(same("Siti Nur'aini", "siti2@univ-merapi.example"), [], "and people a name");
    // Whoever is the same person by the number is not named twice.
    let rows = columns.read_rows(&table(&ROSTER.replace("0020260003", "0020260001"))).unwrap();
    assert_eq!((rows.same_person, rows.same_contact), (vec![(3, 5)], vec![]));
}

#[test]
fn columns_that_cannot_be_used_say_why() {
    let good =
        "format = 'sanad-columns/v1'\naward = ['number']\nfields.number = {column = 'No', kind = 'text'}\n";
    assert!(Columns::from_toml(good).is_ok());
    for (from, to, expected) in [
        ("/v1", "/v9", "\"sanad-columns/v1\" is expected"),
        ("['number']", "[]", "award is empty"),
        ("['number']", "['nim']", "award names \"nim\", which is not among the fields"),
        ("'text'}", "'text', optional = true}", "award names \"number\", which is optional"),
        ("fields.number", "fields.\"No 1\"", "is not a name for a field"),
        ("kind = 'text'", "kind = 'code'", "it is not a file of columns"),
        ("award =", "awards =", "it is not a file of columns"),
    ] {
        let refused = Columns::from_toml(&good.replace(from, to)).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}
