// Programs that take a password behind a flag whose name does not say so: the program, the flag, and whether a name stands
// before the password (`web:hunter2`) or the password follows the flag at once (`-phunter2`).
//
// Sources: the manuals of curl 8, redis-cli 8, sshpass 1.10, MySQL 8.4, MongoDB 8, OpenLDAP 2.6.
[
    ("curl", "-u", Form::AfterName),
    ("curl", "--user", Form::AfterName),
    ("redis-cli", "-a", Form::Word),
    ("valkey-cli", "-a", Form::Word),
    ("sshpass", "-p", Form::Word),
    ("sshpass", "-p", Form::Attached),
    ("mysql", "-p", Form::Attached),
    ("mysqladmin", "-p", Form::Attached),
    ("mysqldump", "-p", Form::Attached),
    ("mariadb", "-p", Form::Attached),
    ("mongo", "-p", Form::Word),
    ("mongosh", "-p", Form::Word),
    ("mongodump", "-p", Form::Word),
    ("ldapsearch", "-w", Form::Word),
    ("ldapmodify", "-w", Form::Word),
    ("ldapadd", "-w", Form::Word),
]
