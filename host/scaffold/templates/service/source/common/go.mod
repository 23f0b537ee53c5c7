module github.com/[[ organisation ]]/[[ name ]]

go 1.26
