#include "config.h"
#include "chihuo-lodis-plain.h"
ChihuoBackend *
chihuo_lodis_plain_new (ChihuoLodisServer *server)
{ return NULL; }
