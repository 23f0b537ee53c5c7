// Lines of configuration that need no sign between name and value.
//
// Sources: redis.conf of Redis 8, ldap.conf of nslcd 0.9.
["bindpw", "masterauth", "requirepass", "rootpw"]
