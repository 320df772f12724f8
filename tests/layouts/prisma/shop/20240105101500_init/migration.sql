-- CreateEnum
CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN', 'OLD');

-- CreateTable
CREATE TABLE "User" (
    "id" SERIAL NOT NULL,
    "role" "Role" NOT NULL DEFAULT 'USER',

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);
